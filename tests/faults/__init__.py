"""What goes wrong in the world, made to happen on the local cloud's servers."""
