"""Custody: keeps customers' business data, erases it for good, and proves both."""

VERSION = "0.1.0"
