"""The customer's word: pages on which their people give it by their own hand, and the team's asking for it."""
