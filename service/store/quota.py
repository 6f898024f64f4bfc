"""The quota: how many bytes of mail each user may store.

They are counted by account, in the transaction that stores them; what goes with an account is counted no more. While
less than the quota is stored messages are kept whole, and the last of them may go a twentieth beyond it. From then on
their headers are kept, so that its owner sees what arrives; with a tenth more than the quota new mail waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from service.store.tables import Account

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

NOTE = "its owner's quota has no room for it"


def stored(session: Session, user_id: int) -> int:
    """The bytes of mail that a user has stored."""
    return int(session.scalar(select(func.sum(Account.stored_bytes)).where(Account.user_id == user_id)) or 0)


def has_room(used: int, size: int, quota: int) -> bool:
    """Whether one more message of that size is kept whole. A `quota` of 0 has room for everything, here as below."""
    return not quota or (used < quota and used + size <= quota + quota // 20)


def is_exceeded(used: int, quota: int) -> bool:
    """Whether not even headers are kept any more."""
    return bool(quota) and used >= quota + quota // 10


def shortage(used: int, quota: int) -> str:
    """Why of new messages less than all is kept, in words for their owner; "" while the quota is not used up."""
    if not quota or used < quota:
        return ""
    what = f"the mail that may be stored for you (STORAGE_QUOTA is {quota:,} bytes) is there"
    now = "new mail waits where it is" if is_exceeded(used, quota) else "of new messages only the headers are stored"
    return f"{what}: {now}; delete a mailbox that you do not need, or ask the operator for more"
