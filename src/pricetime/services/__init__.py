"""The venue as running processes: the only room that picks adapters and starts anything."""
