"""What runs in the measured processes: each a fresh interpreter that does one piece of work."""
