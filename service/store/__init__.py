"""What the assistant keeps: accounts, mail, what it understood, and the log of events; on SQLite or PostgreSQL."""

import logging

logging.getLogger("alembic").setLevel(logging.WARNING)  # below that it tells of every look at the schema
