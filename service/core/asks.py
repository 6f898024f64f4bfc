"""Whether a sentence asks its reader something or for something, in English, German, French, Spanish and Italian."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Ask = Literal["question", "request"]

_REQUEST = re.compile(
    r"(?<!\w)(?:"
    r"please(?! (?:note|be aware|find|see below|ignore|do not reply|unsubscribe|click))"
    r"|(?:could|can|would|will) you|would you mind|let me know|let us know|get back to me|i need you to|we need you to"
    r"|i'd like you to|i would like you to|send me|kindly|don't forget to|make sure (?:to|you)|looking forward to your"
    r"|awaiting your|action required|rsvp|asap"
    r"|bitte(?! beachten)|(?:kannst|könntest|würdest) du|(?:können|könnten|würden) sie|gib(?:t)? mir bescheid"
    r"|geben sie mir bescheid|sag mir|lass mich wissen|um (?:rückmeldung|antwort|bestätigung)|ich brauche von dir"
    r"|merci de|pouvez-vous|pourriez-vous|peux-tu|pourrais-tu|veuillez|s'il (?:te|vous) plaît|dites-moi|dis-moi"
    r"|tenez-moi au courant|por favor|podrías|podría usted|puedes|puede usted|avísame|dime|mándame|envíame"
    r"|potresti|puoi|può|per favore|fammi sapere|mi faccia sapere"
    r")(?!\w)",
    re.IGNORECASE,
)
_RHETORICAL = re.compile(
    r"^[\W_]*(?:questions\?|any questions\?|problems\?|trouble (?:viewing|reading)|can't (?:see|read)|having trouble"
    r"|why wait|what are you waiting|noch fragen\?|fragen\?|probleme|des questions)",
    re.IGNORECASE,
)
_LINK = re.compile(r"https?://\S+|www\.\S+", re.IGNORECASE)


def requests(sentence: str) -> bool:
    """Whether a sentence wants something done, be it put as a question or not."""
    return asks(sentence) is not None and bool(_REQUEST.search(_LINK.sub("", sentence)))


@lru_cache(maxsize=2048)  # each sentence of a message is looked at for several ends
def asks(sentence: str) -> Ask | None:
    """What a sentence wants of its reader; None where it wants nothing, or only asks for effect."""
    words = _LINK.sub("", sentence)
    if words.rstrip(" \"'”’)]*").endswith(("?", "?!", "？")):
        if _RHETORICAL.match(words) or sum(character.isalpha() for character in words) < 2:
            return None
        return "question"
    return "request" if _REQUEST.search(words) else None
