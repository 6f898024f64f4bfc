"""What the assistant keeps: accounts, mail, what it understood, and the log of events; on SQLite or PostgreSQL."""
