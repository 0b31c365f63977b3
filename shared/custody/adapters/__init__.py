"""One file a service: its types in, ours out. Adapters translate and decide nothing."""
