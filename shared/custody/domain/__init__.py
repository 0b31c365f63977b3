"""Pure data and decisions: no clock, network, environment, log or randomness."""
