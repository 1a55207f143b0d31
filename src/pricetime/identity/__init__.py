"""TODO identity."""
