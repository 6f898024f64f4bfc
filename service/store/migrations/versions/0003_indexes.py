"""Indexes that queries need: what waits, conversations by their subject, a person's mail and lists in their order."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    waits = sa.text("analysed_at IS NULL")
    for whose, columns in (("account", ["account_id", "id"]), ("user", ["user_id", "account_id"])):
        name = f"ix_messages_waiting_of_{whose}"
        op.create_index(name, "messages", columns, sqlite_where=waits, postgresql_where=waits)
    op.drop_index("ix_messages_account_id_analysed_at_id", "messages")
    op.create_index("ix_messages_user_id_id", "messages", ["user_id", "id"])
    op.create_index("ix_analyses_user_id_message_id", "analyses", ["user_id", "message_id"])
    op.create_index("ix_threads_user_id_subject_key", "threads", ["user_id", "subject_key"])
    op.create_index("ix_dead_letters_account_id", "dead_letters", ["account_id"])
    for table, at, before in (
        ("audit", "at", "ix_audit_user_id_id"),
        ("drafts", "updated_at", "ix_drafts_user_id"),
        ("rule_applications", "at", "ix_rule_applications_user_id"),
    ):
        op.create_index(f"ix_{table}_user_id_{at}_id", table, ["user_id", at, "id"])
        op.drop_index(before, table)
