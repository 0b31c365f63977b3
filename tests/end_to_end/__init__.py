"""The whole product in a process of its own, as people start it."""
