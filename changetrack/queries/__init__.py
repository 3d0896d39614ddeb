"""The reads: what a page or a program wants to know, as frozen dataclasses."""
