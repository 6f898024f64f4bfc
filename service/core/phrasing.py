"""The few sentences of a proposal, in the language of the message that it answers."""

from __future__ import annotations

import re
from typing import Literal

Language = Literal["en", "de", "fr", "es", "it"]

_SMALL_WORDS: dict[Language, frozenset[str]] = {
    "en": frozenset({"the", "and", "you", "to", "of", "for", "is", "this", "that", "with", "have", "are", "we", "can"}),
    "de": frozenset(
        {"der", "die", "und", "ich", "sie", "das", "ist", "nicht", "wir", "mit", "für", "ein", "bitte", "du"}
    ),
    "fr": frozenset(
        {"le", "les", "et", "vous", "je", "des", "est", "nous", "pour", "une", "pas", "que", "dans", "sur"}
    ),
    "es": frozenset({"el", "los", "y", "usted", "de", "es", "por", "para", "una", "que", "con", "no", "las", "está"}),
    "it": frozenset({"il", "gli", "e", "di", "è", "per", "una", "che", "con", "non", "sono", "della", "ci", "mi"}),
}
_WORD = re.compile(r"[^\W\d_]+")

PHRASES: dict[Language, dict[str, str]] = {
    "en": {
        "greeting": "Hello {name},",
        "nameless": "Hello,",
        "invited": "“{subject}”: [I will come / I cannot come]",
        "closing": "Best regards",
    },
    "de": {
        "greeting": "Guten Tag {name},",
        "nameless": "Guten Tag,",
        "invited": "„{subject}“: [Ich komme / Ich kann nicht kommen]",
        "closing": "Viele Grüße",
    },
    "fr": {
        "greeting": "Bonjour {name},",
        "nameless": "Bonjour,",
        "invited": "« {subject} » : [Je viens / Je ne peux pas venir]",
        "closing": "Cordialement",
    },
    "es": {
        "greeting": "Hola, {name}:",
        "nameless": "Hola:",
        "invited": "«{subject}»: [Voy / No puedo ir]",
        "closing": "Un saludo",
    },
    "it": {
        "greeting": "Ciao {name},",
        "nameless": "Buongiorno,",
        "invited": "«{subject}»: [Vengo / Non posso venire]",
        "closing": "Cordiali saluti",
    },
}


def language(text: str) -> Language:
    """The language whose small words are the most frequent in the first 4,000 characters; English when none are."""
    words = _WORD.findall(text[:4000].casefold())
    counts = {name: sum(word in small for word in words) for name, small in _SMALL_WORDS.items()}
    return max(counts, key=lambda name: counts[name])
