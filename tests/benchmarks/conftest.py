"""Puts the repository itself on the path: the benchmarks are a package of it, installed nowhere."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
