"""Two worlds that keep the promises of the ports: one in memory, one of real servers."""
