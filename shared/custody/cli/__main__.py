"""`python -m custody.cli` is `custody`."""

from custody.cli import main

main()
