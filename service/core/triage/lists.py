"""Headers of mailing lists and of bulk senders (RFC 2369, RFC 2919, RFC 8058)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.core.triage.evidence import any_of, quoted, says

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.core.triage.evidence import Case, Evidence

_BULK_HEADERS = (
    "feedback-id", "x-campaign", "x-campaignid", "x-campaign-id", "x-mailgun-sid", "x-sg-eid", "x-mc-user",
    "x-mailchimp-campaign-id", "x-hs-cid", "x-sfmc-stack", "x-job", "x-csa-complaints", "x-bulkmail",
    "x-mailer-version", "x-list-host", "x-ses-outgoing", "x-report-abuse", "x-cr-mtaid", "x-rpcampaign", "x-mj-mid",
)  # fmt: skip
_ISSUE = any_of(
    "newsletter", "in this issue", "this week in", "weekly digest", "daily digest", "digest", "headlines",
    "view in browser", "view this email in your browser", "read online", "read in browser", "can't read this email",
    "im browser ansehen", "im browser öffnen", "im browser anzeigen", "in dieser ausgabe", "dans ce numéro",
    "voir dans le navigateur", "version en ligne", "ver en el navegador", "en este número", "rundbrief", "infolettre",
    "boletín", "daily news", "weekly news", "update for",
)  # fmt: skip
_OFFER = any_of(
    "% off", "discount", "discount code", "promo code", "coupon", "voucher", "sale ends", "clearance",
    "special offer", "limited offer", "limited time offer", "shop now", "buy now", "order now", "free shipping",
    "save up to", "free trial", "black friday", "great deals", "rabatt", "gutschein", "jetzt kaufen", "jetzt shoppen",
    "angebot", "versandkostenfrei", "sonderangebot", "nur heute", "soldes", "code promo", "livraison gratuite",
    "offre spéciale", "remise", "profitez", "descuento", "oferta", "envío gratis", "compra ahora", "sconto",
    "offerta", "korting", "aanbieding", "new release", "now available", "upgrade now",
)  # fmt: skip
_UNSUBSCRIBE = any_of(
    "unsubscribe", "opt out", "opt-out", "manage your preferences", "email preferences", "you are receiving this",
    "you're receiving this", "remove yourself", "abmelden", "abbestellen", "austragen", "se désabonner",
    "désinscrire", "désinscription", "darse de baja", "cancelar suscripción", "disiscriviti", "afmelden",
    "you're subscribed to",
)  # fmt: skip


def list_identity(case: Case) -> Iterator[Evidence]:
    """A List-Id, apart by whether subscribers post to the list."""
    if not case.listed:
        return
    identity = case.email.header("list-id") or case.email.header("x-beenthere") or case.email.header("sender")
    name = quoted(identity.rpartition("<")[2].strip("<> ") or identity)
    post = case.email.header("list-post").casefold()
    if "mailto:" in post or (not post and "list-unsubscribe" not in case.email.headers):
        yield from says(
            f"it comes through the discussion list {name}",
            fyi=1.8, newsletter=0.3, needs_reply=-1.5, marketing=-1.0, spam=-0.3, receipt=-1.5,
        )  # fmt: skip
    else:
        yield from says(f"it comes from the list {name}", newsletter=1.5, marketing=0.5, needs_reply=-2.5, spam=-0.8)


def unsubscribe(case: Case) -> Iterator[Evidence]:
    """List-Unsubscribe, with or without one click; in the text alone it is weaker."""
    if case.email.header("list-unsubscribe"):
        if "one-click" in case.email.header("list-unsubscribe-post").casefold():
            words = "one click unsubscribes (List-Unsubscribe-Post)"
        else:
            words = "it says how to unsubscribe (List-Unsubscribe)"
        yield from says(words, newsletter=1.5, marketing=1.3, needs_reply=-2.0, awaiting_reply=-1.0, spam=-1.0)
    elif found := _UNSUBSCRIBE.search(case.text):
        yield from says(f"its text says {quoted(found.group())}", newsletter=1.0, marketing=1.0, needs_reply=-1.5)


def precedence(case: Case) -> Iterator[Evidence]:
    """Precedence: bulk, list or junk."""
    value = case.email.header("precedence").strip().casefold()
    if value in {"bulk", "junk"}:
        yield from says(f"its sender calls it {value} mail", newsletter=0.8, marketing=0.6, needs_reply=-1.5)
    elif value == "list":
        yield from says("its sender calls it list mail", newsletter=0.6, fyi=0.4, needs_reply=-1.0)


def bulk_mailer(case: Case) -> Iterator[Evidence]:
    """A header that only mass mailing services write."""
    for name in _BULK_HEADERS:
        if name in case.email.headers:
            yield from says(f"a mass mailing service sent it ({name})", newsletter=0.9, marketing=1.0, needs_reply=-1.5)
            return


def issue(case: Case) -> Iterator[Evidence]:
    """The words of a periodical."""
    if found := _ISSUE.search(case.subject):
        yield from says(f"its subject says {quoted(found.group())}", newsletter=1.6)
    elif found := _ISSUE.search(case.text):
        yield from says(f"its text says {quoted(found.group())}", newsletter=0.9)


def offer(case: Case) -> Iterator[Evidence]:
    """The words of a sale; several different ones weigh more."""
    if found := _OFFER.search(case.subject):
        yield from says(f"its subject offers something: {quoted(found.group())}", marketing=1.6)
    different = list(dict.fromkeys(_OFFER.findall(case.text)))[:4]
    if different:
        yield from says(
            f"its text offers something: {', '.join(quoted(words) for words in different[:3])}",
            marketing=0.5 + 0.4 * len(different),
        )
