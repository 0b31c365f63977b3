"""Settings of all tests: the same examples in every run, whatever the machine's speed."""

from hypothesis import settings

settings.register_profile("custody", derandomize=True, deadline=None, database=None)
settings.load_profile("custody")
