"""Measurements of the speed promises: each as a ratio to its floor, in the same run, on both databases."""
