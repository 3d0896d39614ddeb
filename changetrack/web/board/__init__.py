"""The board: the journey as columns."""
