"""The pages of learning: the commitments of both sides."""
