"""Gmail's message ids as UIDs.

An id is a number of 64 bits, written in hexadecimal; it names a message of its mailbox for ever, whatever its labels.
A UID is the same 64 bits as a signed number, which is what databases keep: each id has one UID, each UID one id, and no
table is needed between them. So what is brought twice, after a crash or a full comparison, is recognised.
"""

from __future__ import annotations

UIDVALIDITY = 1
"""Of every folder, for ever: Gmail gives no id twice."""

_SIZE = 2**64


def uid_of(id_: str) -> int:
    """The UID of a message. Raises ValueError for what is no id in the one form that Gmail writes."""
    number = int(id_, 16)
    if not 0 < number < _SIZE or id_of(number) != id_:
        raise ValueError("a message id is a hexadecimal number of 64 bits")
    return number - _SIZE if number >= _SIZE // 2 else number


def id_of(uid: int) -> str:
    """The id of a message."""
    return f"{uid % _SIZE:x}"
