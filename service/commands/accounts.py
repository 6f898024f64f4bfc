"""Commands on mailboxes: which are followed, and whether now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, JsonValue, SecretStr
from sqlalchemy import func, select

from service.commands.access import take_back
from service.commands.command import Command, Done, Refused
from service.inputs import Id, Input, View
from service.mail import registry
from service.mail.demo import account as demo
from service.store import threads
from service.store.database import one_at_a_time
from service.store.events import New
from service.store.tables import Account
from service.views import AccountView

if TYPE_CHECKING:
    from service.commands.command import Work

MOST = 100
"""Mailboxes of one user."""
Name = Annotated[str, Field(min_length=1, max_length=200, description="What its owner calls it.")]
Address = Annotated[str, Field(max_length=320, description="The e-mail address of its owner.")]
Settings = Annotated[dict[str, JsonValue], Field(description="What the source of that kind needs to know.")]
Secret = Annotated[
    SecretStr,
    Field(
        max_length=10_000, description="The password; of Gmail a refresh token. It is stored encrypted, never shown."
    ),
]


class Create(Input):
    """A mailbox that is to be followed."""

    kind: Annotated[str, Field(max_length=50, description=f"One of: {', '.join(registry.KINDS)}.")]
    name: Name
    address: Address = ""
    settings: Settings = Field(default_factory=dict)
    secret: Secret | None = None


class Update(Input):
    """What is to be different about a mailbox; what is left out stays."""

    id: Id
    name: Name | None = None
    address: Address | None = None
    settings: Settings | None = None
    secret: Secret | None = None


class One(Input):
    """Which mailbox."""

    id: Id


class All(Input):
    """Nothing: it goes for all mailboxes."""


class Deleted(View):
    """What is gone."""

    id: Id
    access: Annotated[str, Field(description='What becomes of the access at its provider, in words; "" for none.')]


class Accounts(View):
    """All mailboxes."""

    accounts: list[AccountView]


def create(work: Work, given: Create) -> Done[AccountView]:
    """Follow a mailbox; the demo goes, since there is mail of the user's own now."""
    demo.withdraw(work.session, work.user_id)
    one_at_a_time(work.session, work.user_id)  # or two that are counted at once could each be the last one
    if work.session.scalars(select(func.count()).select_from(Account)).one() >= MOST:
        raise Refused(409, f"there are {MOST} accounts already, and more are not followed: delete one first")
    settings = _checked(work, given.kind, given.settings)
    secret = given.secret.get_secret_value() if given.secret else None
    account = Account(
        user_id=work.user_id,
        kind=given.kind,
        name=given.name,
        address=given.address,
        settings=settings,
        secret=work.vault.lock(secret) if secret else None,
        created_at=work.now,
        sync_requested_at=work.now,
    )
    work.session.add(account)
    work.session.flush()
    return _done("account.created", account)


def change(work: Work, given: Update) -> Done[AccountView]:
    """Change a mailbox; with other settings or another secret it is tried at once."""
    account = _find(work, given.id)
    if given.name is not None:
        account.name = given.name
    if given.address is not None:
        account.address = _address(account, given.address)
    if given.settings is not None:
        account.settings = _checked(work, account.kind, given.settings)
    if given.secret is not None:
        account.secret = work.vault.lock(given.secret.get_secret_value())
    if given.settings is not None or given.secret is not None:
        account.state, account.error, account.sync_requested_at = "new", "", work.now
        account.lease_owner = ""  # whoever follows it next opens it with what is valid now
    return _done("account.updated", account)


def remove(work: Work, given: One) -> Done[Deleted]:
    """Forget a mailbox and the mail that came from it. At its source no mail changes; access is taken back."""
    account = _find(work, given.id)
    access = take_back(work, account)
    threads.forget_account(work.session, account)
    told = {"account_id": given.id}
    return Done(Deleted(id=given.id, access=access), (New("account.deleted", told, given.id),), told)


def pause(work: Work, given: One) -> Done[AccountView]:
    """Follow a mailbox no longer, until it is resumed."""
    return _set_paused(work, given.id, paused=True)


def resume(work: Work, given: One) -> Done[AccountView]:
    """Follow a paused mailbox again."""
    return _set_paused(work, given.id, paused=False)


def sync(work: Work, given: One) -> Done[AccountView]:
    """Look for mail now."""
    account = _find(work, given.id)
    if account.paused:
        raise Refused(409, f"account {account.id} is paused: resume it first")
    account.sync_requested_at = work.now
    return _done("account.sync_requested", account)


def pause_all(work: Work, _: All) -> Done[Accounts]:
    """Follow no mailbox, until all are resumed, or one."""
    return _set_all_paused(work, paused=True)


def resume_all(work: Work, _: All) -> Done[Accounts]:
    """Follow every mailbox again."""
    return _set_all_paused(work, paused=False)


COMMANDS: tuple[Command[Any, Any], ...] = (
    Command("accounts.create", "Follow a mailbox", Create, AccountView, create),
    Command("accounts.update", "Change a mailbox", Update, AccountView, change),
    Command("accounts.delete", "Forget a mailbox and its mail", One, Deleted, remove),
    Command("accounts.pause", "Pause a mailbox", One, AccountView, pause),
    Command("accounts.resume", "Resume a mailbox", One, AccountView, resume),
    Command("accounts.sync", "Look for mail now", One, AccountView, sync),
    Command("control.pause-all", "Pause every mailbox", All, Accounts, pause_all),
    Command("control.resume-all", "Resume every mailbox", All, Accounts, resume_all),
)


def _find(work: Work, account_id: int) -> Account:
    account = work.session.scalar(select(Account).where(Account.id == account_id).with_for_update())
    if account is None:
        raise Refused(404, f"there is no account {account_id}")
    return account


def _checked(work: Work, kind: str, settings: dict[str, JsonValue]) -> dict[str, Any]:
    try:
        return registry.check(kind, settings, work.allowed).model_dump(mode="json")
    except registry.InvalidSettings as invalid:
        problems = invalid.problems.items()
    raise Refused(
        422,
        "; ".join(what for _, what in problems),
        [{"where": f"settings.{where}" if where else "kind", "what": what} for where, what in problems],
    )


def _address(account: Account, wanted: str) -> str:
    if account.kind == registry.GMAIL and account.address and wanted != account.address:
        what = f"the address of account {account.id} stays, as Google names it: connect another mailbox for another one"
        raise Refused(422, what, [{"where": "address", "what": what}])
    return wanted


def _set_paused(work: Work, account_id: int, *, paused: bool) -> Done[AccountView]:
    account = _find(work, account_id)
    account.paused = paused
    if not paused:
        account.sync_requested_at = work.now
    return _done("account.paused" if paused else "account.resumed", account)


def _set_all_paused(work: Work, *, paused: bool) -> Done[Accounts]:
    accounts = work.session.scalars(select(Account).order_by(Account.id).with_for_update()).all()
    changed = [account for account in accounts if account.paused != paused]
    dones = [_set_paused(work, account.id, paused=paused) for account in changed]
    told = tuple(event for done in dones for event in done.events)
    ids = [account.id for account in changed]
    return Done(
        Accounts(accounts=[AccountView.model_validate(account) for account in accounts]), told, {"account_ids": ids}
    )


def _done(type_: str, account: Account) -> Done[AccountView]:
    shown = AccountView.model_validate(account)
    told = {"account_id": account.id, "name": account.name, "state": account.state, "paused": account.paused}
    return Done(shown, (New(type_, told, account.id),), {"account_id": account.id})
