"""Whether two host names belong to one organisation, by their form alone."""

from __future__ import annotations

# What stands between the name of an organisation and a country, as in example.co.uk.
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "gob", "gouv", "gov", "ne", "net", "nom", "or", "org"})


def organisation(host: str) -> str:
    """The last two labels, or three where the middle one is a kind and no name: mail.example.co.uk → example.co.uk."""
    labels = [label for label in host.casefold().split(".") if label][-3:]
    if len(labels) == 3 and not (len(labels[2]) == 2 and labels[1] in _SECOND_LEVEL):
        labels = labels[1:]
    return ".".join(labels)
