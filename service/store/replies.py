"""Drafts as the messages that they will be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.core.outgoing import Outgoing

if TYPE_CHECKING:
    from service.store.tables import Account, Draft
    from service.store.vault import Vault


def outgoing(vault: Vault, account: Account, draft: Draft) -> Outgoing:
    """A draft's reply. Its Message-ID is the same each time, so that one that was sent is found again."""
    name = vault.fingerprint(f"draft {account.id} {draft.id} {draft.message_id}")[:32]
    return Outgoing(
        sender=account.address,
        to=[(person["name"], person["address"]) for person in draft.to],
        subject=draft.subject,
        text=draft.text,
        message_id=f"{name}@{account.address.rpartition('@')[2] or 'localhost'}",
        in_reply_to=draft.in_reply_to,
        references=draft.references,
    )
