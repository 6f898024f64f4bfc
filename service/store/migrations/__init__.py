"""The schema's history, one file a step, as Alembic runs it."""
