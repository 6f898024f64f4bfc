"""How many bytes of mail each account has stored, counted from now on with each message."""

import sqlalchemy as sa
from alembic import op

from service.store.tables import base

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("accounts", sa.Column("stored_bytes", base.BIG, nullable=False, server_default="0"))
    op.execute(
        "UPDATE accounts SET stored_bytes = coalesce((SELECT sum(length(data)) FROM raw_messages "
        "JOIN messages ON messages.id = raw_messages.message_id WHERE messages.account_id = accounts.id), 0)"
    )
