"""What unwanted mail talks about, and how it shouts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from service.core.triage.evidence import any_of, quoted, says

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.core.triage.evidence import Case, Evidence

_TOPICS = {
    "money without work": any_of(
        "work at home", "work from home", "earn money", "make money", "extra income", "financial freedom", "get rich",
        "mlm", "multi-level", "be your own boss", "home based business", "home-based business", "income opportunity",
        "business opportunity", "unlimited income", "per week", "no experience", "guaranteed income",
        "passive income", "money making", "potential earnings", "geld verdienen", "nebenverdienst",
        "gagner de l'argent", "ganar dinero",
    ),
    "a fortune to share": any_of(
        "next of kin", "transfer of funds", "inheritance", "million united states dollars", "million us dollars",
        "million dollars", "foreign account", "utmost confidence", "strictly confidential", "business proposal",
        "late husband", "late father", "beneficiary", "security company", "bank of nigeria", "your assistance",
        "barrister", "lottery", "you have won", "erbschaft", "héritage", "herencia",
    ),
    "drugs and bodies": any_of(
        "viagra", "cialis", "xanax", "phentermine", "online pharmacy", "prescription", "weight loss", "lose weight",
        "human growth hormone", "hgh", "penis", "enlargement", "herbal", "anti-aging", "sexual", "no prescription",
        "burn fat", "diet pill", "abnehmen", "potenz",
    ),
    "sex": any_of(
        "xxx", "porn", "adult", "nude", "horny", "webcam", "hot girls", "sexy", "singles", "teens", "hardcore",
        "adults only", "must be 18", "over 18", "18 years", "adult site",
    ),
    "credit": any_of(
        "mortgage", "refinance", "lowest rates", "bad credit", "credit card debt", "consolidate", "debt", "loan",
        "life insurance", "interest rates", "low rates", "pre-approved", "approved", "term life", "annuity",
        "annuities", "no obligation", "free quote", "auto warranty", "home loan", "kredit ohne", "crédit", "préstamo",
    ),
    "addresses for sale": any_of(
        "bulk email", "bulk e-mail", "email addresses", "million emails", "targeted email", "email marketing",
        "mass mailing", "opt-in list", "extractor", "search engines", "more traffic", "traffic to your",
        "your website", "web hosting", "merchant account", "accept credit cards", "leads",
    ),
    "stolen goods and secrets": any_of(
        "cable descrambler", "satellite", "copy dvd", "spy software", "spy on", "find out anything", "diploma",
        "degree", "university diplomas", "systemworks", "toner", "inkjet", "printer cartridges", "cell phone",
        "long distance", "calling card", "casino", "gambling", "betting", "crypto investment", "bitcoin wallet",
    ),
    "your account is locked": any_of(
        "verify your account", "account has been suspended", "account will be closed", "unusual activity",
        "confirm your identity", "update your payment", "your mailbox is full", "konto gesperrt",
        "konto verifizieren", "compte suspendu", "cuenta suspendida",
    ),
}  # fmt: skip
_PRESSURE = any_of(
    "act now", "limited time", "100% free", "absolutely free", "risk free", "risk-free", "money back guarantee",
    "money-back guarantee", "no cost", "no risk", "100% guaranteed", "satisfaction guaranteed", "call now",
    "call today", "order today", "don't delay", "don't miss", "click here", "click below", "once in a lifetime",
    "for free", "free!", "congratulations", "dear friend", "you have been selected", "toll free", "toll-free",
    "this is not spam", "we are not spammers", "to be removed", "removed from", "remove in the subject",
    "removal instructions", "1618", "s.1618", "to your friends", "dear sir", "urgent", "as seen on", "guaranteed",
    "double your", "amazing", "incredible", "while supplies last", "cash", "hello friend", "never again",
    "unsolicited",
)  # fmt: skip
_MONEY = re.compile(r"\$\s?\d{1,3}(?:[,.]\d{3})+|\$\s?\d{4,7}(?!\d)|\d{1,3}\s?% (?:free|guaranteed)|\$\$\$")
_MARKED = re.compile(r"^\W{0,3}adv?\b\W?:|^\W{0,3}\[?adv\]?\b|\(ad\)|\badv:")
_CELLS = re.compile(r"<(?:font|table|center|td|img)\b", re.IGNORECASE)


def marked_as_advertisement(case: Case) -> Iterator[Evidence]:
    """ADV: in the subject, which some laws demand of unasked advertisements."""
    if _MARKED.search(case.subject):
        yield from says("its subject marks it as an advertisement", spam=2.5, marketing=0.5)


def topic(case: Case) -> Iterator[Evidence]:
    """The topics of unwanted mail; several words of one topic weigh more, and the subject more than the text."""
    for name, pattern in _TOPICS.items():
        in_subject = pattern.search(case.subject)
        different = set(pattern.findall(case.text))
        if not in_subject and not different:
            continue
        words = quoted(in_subject.group() if in_subject else min(different))
        yield from says(
            f"it talks of {name}: {words}", spam=(1.2 if in_subject else 0.0) + min(1.8, 0.45 * len(different))
        )


def pressure(case: Case) -> Iterator[Evidence]:
    """The phrases that hurry or reassure."""
    different = sorted(set(_PRESSURE.findall(case.text)) | set(_PRESSURE.findall(case.subject)))
    if different:
        shown = ", ".join(quoted(words) for words in different[:3])
        yield from says(f"it hurries or reassures: {shown}", spam=min(2.0, 0.4 * len(different)))


def large_sums(case: Case) -> Iterator[Evidence]:
    """Sums that are promised."""
    if found := _MONEY.search(case.text) or _MONEY.search(case.subject):
        yield from says(f"it speaks of much money: {quoted(found.group())}", spam=0.8)


def shouting(case: Case) -> Iterator[Evidence]:
    """Capitals and exclamation marks in the subject."""
    subject = case.email.subject[:300]
    letters = [character for character in subject if character.isalpha()]
    capitals = sum(character.isupper() for character in letters)
    if len(letters) >= 8 and capitals > 0.7 * len(letters):
        yield from says("its subject is in capitals", spam=0.9)
    if "!!" in subject or "$$" in subject:
        yield from says("its subject shouts", spam=1.2)
    elif subject.rstrip().endswith("!"):
        yield from says("its subject ends with an exclamation mark", spam=0.5, marketing=0.3)


def only_html(case: Case) -> Iterator[Evidence]:
    """HTML without a plain part, from somebody who names no list."""
    kind = case.email.header("content-type").casefold()
    if case.email.html and kind.startswith("text/html") and not case.email.header("list-unsubscribe"):
        yield from says("it is HTML alone", spam=0.6, marketing=0.3, newsletter=0.2)


def only_pictures(case: Case) -> Iterator[Evidence]:
    """Hardly a word, but pictures or links."""
    if case.email.html and len(case.text.split()) < 25 and ("<img" in case.email.html or "<a " in case.email.html):
        yield from says("it has hardly any text beside its pictures and links", spam=1.0, marketing=0.4)
