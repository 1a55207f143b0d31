"""TODO sim."""
