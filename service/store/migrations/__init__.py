"""The schema's history, one file a step, as Alembic runs it."""

HEAD = "0005"
"""The newest step, which this version of the service works with."""
