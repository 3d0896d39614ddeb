"""The pages of the funnel: where all accounts stand, how they moved, and what every figure is made of."""
