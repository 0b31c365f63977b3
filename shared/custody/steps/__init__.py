"""One file a function: read, decide, write."""
