"""The pages of one account's journey: its path, evidence, gate and moves."""
