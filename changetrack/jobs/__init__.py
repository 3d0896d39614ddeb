"""The night: every timed job, when it is due, and that each run of it happens once."""
