"""First tables."""

import string

import sqlalchemy as sa
from alembic import op

from service.store.tables import base

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", base.BIG, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", base.Moment(), nullable=False),
        sa.Column("last_event", base.BIG, nullable=False),
        sa.Column("pruned_event", base.BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("started_at", base.Moment(), nullable=False),
        sa.Column("seen_at", base.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_table(
        "access_tokens",
        sa.Column("id", base.BIG, autoincrement=True, nullable=False),
        sa.Column("user_id", base.BIG, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("created_at", base.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_access_tokens_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_access_tokens_digest")),
    )
    op.create_index(op.f("ix_access_tokens_user_id"), "access_tokens", ["user_id"], unique=False)
    op.create_table(
        "accounts",
        sa.Column("id", base.BIG, autoincrement=True, nullable=False),
        sa.Column("user_id", base.BIG, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("settings", base.DOCUMENT, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("created_at", base.Moment(), nullable=False),
        sa.Column("last_success_at", base.Moment(), nullable=True),
        sa.Column("sync_requested_at", base.Moment(), nullable=True),
        sa.Column("lease_owner", sa.String(), nullable=False),
        sa.Column("lease_until", base.Moment(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_accounts_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        **base.ONCE,
    )
    op.create_index(op.f("ix_accounts_user_id"), "accounts", ["user_id"], unique=False)
    op.create_table(
        "ai_usage",
        sa.Column("user_id", base.BIG, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("requests", base.BIG, nullable=False),
        sa.Column("tokens", base.BIG, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_ai_usage_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "day", name=op.f("pk_ai_usage")),
    )
    op.create_table(
        "audit",
        sa.Column("id", base.BIG, autoincrement=True, nullable=False),
        sa.Column("user_id", base.BIG, nullable=True),
        sa.Column("at", base.Moment(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("detail", base.DOCUMENT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_audit_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_user_id_id", "audit", ["user_id", "id"], unique=False)
    op.create_table(
        "commands",
        sa.Column("user_id", base.BIG, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("answer", base.DOCUMENT, nullable=False),
        sa.Column("at", base.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_commands_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_commands")),
    )
    op.create_index(op.f("ix_commands_at"), "commands", ["at"], unique=False)
    op.create_table(
        "events",
        sa.Column("user_id", base.BIG, nullable=False),
        sa.Column("id", base.BIG, autoincrement=False, nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("at", base.Moment(), nullable=False),
        sa.Column("account_id", base.BIG, nullable=True),
        sa.Column("data", base.DOCUMENT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_events_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "id", name=op.f("pk_events")),
    )
    op.create_table(
        "learned_tokens",
        sa.Column("user_id", base.BIG, nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("count", base.BIG, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_learned_tokens_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "token", "category", name=op.f("pk_learned_tokens")),
    )
    op.create_table(
        "correspondents",
        sa.Column("user_id", base.BIG, nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("sent", base.BIG, nullable=False),
        sa.Column("received", base.BIG, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_correspondents_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "address", name=op.f("pk_correspondents")),
    )
    op.create_table(
        "rules",
        sa.Column("id", base.BIG, autoincrement=True, nullable=False),
        sa.Column("user_id", base.BIG, nullable=False),
        sa.Column("position", base.BIG, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("definition", base.DOCUMENT, nullable=False),
        sa.Column("updated_at", base.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_rules_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rules")),
    )
    op.create_index(op.f("ix_rules_user_id"), "rules", ["user_id"], unique=False)
    op.create_table(
        "threads",
        sa.Column("id", base.BIG, autoincrement=True, nullable=False),
        sa.Column("user_id", base.BIG, nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("subject_key", sa.String(), nullable=False),
        sa.Column("latest_at", base.Moment(), nullable=False),
        sa.Column("message_count", base.BIG, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_threads_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_threads")),
        **base.ONCE,
    )
    op.create_index("ix_threads_user_id_latest_at_id", "threads", ["user_id", "latest_at", "id"], unique=False)
    op.create_table(
        "folders",
        sa.Column("id", base.BIG, autoincrement=True, nullable=False),
        sa.Column("account_id", base.BIG, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("uidvalidity", base.BIG, nullable=False),
        sa.Column("uidnext", base.BIG, nullable=False),
        sa.Column("modseq", base.BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_folders_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_folders")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_folders_account_id_name")),
    )
    op.create_table(
        "messages",
        sa.Column("id", base.BIG, autoincrement=True, nullable=False),
        sa.Column("user_id", base.BIG, nullable=False),
        sa.Column("account_id", base.BIG, nullable=False),
        sa.Column("thread_id", base.BIG, nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("sender_name", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("recipients", base.DOCUMENT, nullable=False),
        sa.Column("sent_at", base.Moment(), nullable=True),
        sa.Column("received_at", base.Moment(), nullable=False),
        sa.Column("stored_at", base.Moment(), nullable=False),
        sa.Column("size", base.BIG, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("html", sa.String(), nullable=False),
        sa.Column("attachments", base.DOCUMENT, nullable=False),
        sa.Column("defects", base.DOCUMENT, nullable=False),
        sa.Column("seen", sa.Boolean(), nullable=False),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("removed_at", base.Moment(), nullable=True),
        sa.Column("analysed_at", base.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_messages_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name=op.f("fk_messages_thread_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_messages_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("account_id", "identity", name=op.f("uq_messages_account_id_identity")),
        **base.ONCE,
    )
    op.create_index(
        "ix_messages_account_id_analysed_at_id", "messages", ["account_id", "analysed_at", "id"], unique=False
    )
    op.create_index(op.f("ix_messages_message_id"), "messages", ["message_id"], unique=False)
    op.create_index(op.f("ix_messages_sender"), "messages", ["sender"], unique=False)
    op.create_index(op.f("ix_messages_thread_id"), "messages", ["thread_id"], unique=False)
    op.create_index("ix_messages_user_id_received_at_id", "messages", ["user_id", "received_at", "id"], unique=False)
    op.create_table(
        "thread_references",
        sa.Column("user_id", base.BIG, nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("thread_id", base.BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["threads.id"], name=op.f("fk_thread_references_thread_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_thread_references_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "message_id", name=op.f("pk_thread_references")),
    )
    op.create_index(op.f("ix_thread_references_thread_id"), "thread_references", ["thread_id"], unique=False)
    op.create_table(
        "analyses",
        sa.Column("message_id", base.BIG, nullable=False),
        sa.Column("user_id", base.BIG, nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("triaged", sa.String(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("reasons", base.DOCUMENT, nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("actions", base.DOCUMENT, nullable=False),
        sa.Column("dates", base.DOCUMENT, nullable=False),
        sa.Column("labels", base.DOCUMENT, nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_analyses_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_analyses_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_analyses")),
    )
    op.create_index(
        "ix_analyses_user_id_category_message_id", "analyses", ["user_id", "category", "message_id"], unique=False
    )
    op.create_table(
        "corrections",
        sa.Column("id", base.BIG, autoincrement=True, nullable=False),
        sa.Column("user_id", base.BIG, nullable=False),
        sa.Column("message_id", base.BIG, nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("was", sa.String(), nullable=False),
        sa.Column("at", base.Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_corrections_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_corrections_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
        sa.UniqueConstraint("message_id", name=op.f("uq_corrections_message_id")),
    )
    op.create_index(op.f("ix_corrections_user_id"), "corrections", ["user_id"], unique=False)
    op.create_table(
        "dead_letters",
        sa.Column("id", base.BIG, autoincrement=True, nullable=False),
        sa.Column("user_id", base.BIG, nullable=False),
        sa.Column("account_id", base.BIG, nullable=False),
        sa.Column("message_id", base.BIG, nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("attempts", base.BIG, nullable=False),
        sa.Column("at", base.Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_dead_letters_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_dead_letters_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_dead_letters_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_letters")),
        sa.UniqueConstraint("message_id", name=op.f("uq_dead_letters_message_id")),
    )
    op.create_index(op.f("ix_dead_letters_user_id"), "dead_letters", ["user_id"], unique=False)
    op.create_table(
        "drafts",
        sa.Column("id", base.BIG, autoincrement=True, nullable=False),
        sa.Column("user_id", base.BIG, nullable=False),
        sa.Column("message_id", base.BIG, nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("to", base.DOCUMENT, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("in_reply_to", sa.String(), nullable=False),
        sa.Column("references", base.DOCUMENT, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("updated_at", base.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_drafts_message_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_drafts_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
        sa.UniqueConstraint("message_id", name=op.f("uq_drafts_message_id")),
    )
    op.create_index(op.f("ix_drafts_user_id"), "drafts", ["user_id"], unique=False)
    op.create_table(
        "placements",
        sa.Column("id", base.BIG, autoincrement=True, nullable=False),
        sa.Column("folder_id", base.BIG, nullable=False),
        sa.Column("message_id", base.BIG, nullable=False),
        sa.Column("uidvalidity", base.BIG, nullable=False),
        sa.Column("uid", base.BIG, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("flags", base.DOCUMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["folder_id"], ["folders.id"], name=op.f("fk_placements_folder_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_placements_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placements")),
        sa.UniqueConstraint("folder_id", "uidvalidity", "uid", name=op.f("uq_placements_folder_id_uidvalidity_uid")),
    )
    op.create_index(op.f("ix_placements_message_id"), "placements", ["message_id"], unique=False)
    op.create_table(
        "raw_messages",
        sa.Column("message_id", base.BIG, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_raw_messages_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_raw_messages")),
    )
    op.create_table(
        "rule_applications",
        sa.Column("id", base.BIG, autoincrement=True, nullable=False),
        sa.Column("user_id", base.BIG, nullable=False),
        sa.Column("message_id", base.BIG, nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("actions", base.DOCUMENT, nullable=False),
        sa.Column("at", base.Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_rule_applications_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_rule_applications_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_applications")),
    )
    op.create_index(op.f("ix_rule_applications_message_id"), "rule_applications", ["message_id"], unique=False)
    op.create_index(op.f("ix_rule_applications_user_id"), "rule_applications", ["user_id"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        _search_sqlite()
    else:
        _search_postgresql()


def _search_sqlite() -> None:
    # An external-content table: the words are indexed, the text is not kept twice (SQLite, FTS5, 4.4.3).
    columns = "subject, sender, sender_name, text"
    new, old = (", ".join(f"{row}.{column}" for column in columns.split(", ")) for row in ("new", "old"))
    forget = f"INSERT INTO messages_search (messages_search, rowid, {columns}) VALUES ('delete', old.id, {old})"
    learn = f"INSERT INTO messages_search (rowid, {columns}) VALUES (new.id, {new})"
    # Accents tell words apart, as they do on PostgreSQL.
    options = "content='messages', content_rowid='id', tokenize='unicode61 remove_diacritics 0'"
    op.execute(f"CREATE VIRTUAL TABLE messages_search USING fts5({columns}, {options})")
    op.execute(f"CREATE TRIGGER messages_search_insert AFTER INSERT ON messages BEGIN {learn}; END")
    op.execute(f"CREATE TRIGGER messages_search_delete AFTER DELETE ON messages BEGIN {forget}; END")
    op.execute(
        f"CREATE TRIGGER messages_search_update AFTER UPDATE OF {columns} ON messages BEGIN {forget}; {learn}; END"
    )


def _search_postgresql() -> None:
    # A tsvector holds 1 MB at most (PostgreSQL, 12.1.3), and a word of one character takes up to 9 bytes of it with its
    # blank: of a long text its beginning is found.
    text = "left(subject || ' ' || sender || ' ' || sender_name || ' ' || text, 200000)"
    # Its parser would keep addresses, hosts and numbers whole, and leave tags out; FTS5 knows words alone.
    punctuation = string.punctuation.replace("'", "''")
    words = f"translate({text}, '{punctuation}', repeat(' ', {len(string.punctuation)}))"
    op.execute(
        f"ALTER TABLE messages ADD COLUMN search tsvector GENERATED ALWAYS AS (to_tsvector('simple', {words})) STORED"
    )
    op.execute("CREATE INDEX ix_messages_search ON messages USING gin (search)")
