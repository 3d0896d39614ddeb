"""The pages of value: outcomes, what the customer said of them, and what came of them."""
