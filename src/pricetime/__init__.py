"""pricetime: a day-trading venue that keeps every cent and every share."""
