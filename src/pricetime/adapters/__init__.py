"""What the ports stand for in the real world: SQLite files, bcrypt, signing keys, the clock, and memory."""
