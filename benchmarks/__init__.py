"""Side-by-side measurements: Custody and its rivals on one machine, in one run."""
