"""What becomes of the access to a mailbox when its owner wants it followed no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.mail.registry import GMAIL

if TYPE_CHECKING:
    from service.commands.command import Work
    from service.store.tables import Account

WHERE = "https://myaccount.google.com/connections"
REVOKED = (
    "Google is asked to take back the access to the mailbox, again and again for most of an hour when it cannot be "
    f"reached; afterwards, or to be sure, take it back at {WHERE}"
)


def take_back(work: Work, *accounts: Account) -> str:
    """Have the access to these mailboxes taken back at their provider, after the commit; what to tell, in words."""
    told = ""
    for account in accounts:
        if account.kind == GMAIL and account.secret is not None:
            work.queue.revoke(work.session, work.user_id, account.secret, work.vault.mailbox(account))
            told = REVOKED
    return told
