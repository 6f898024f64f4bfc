"""Days and times that a message mentions, each with the sentence that it stands in.

They are resolved against the day and the time zone in which the writer sent it: a weekday is the first one after that
day, "next Tuesday" the one of the week after (weeks begin on Monday), a date without a year the nearest one that is at
most two months past. 3/4/2027 is left alone: some read it as April and some as March.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING

from service.core.calendar_words import COUNTS, DAYS_AHEAD, DAYS_IN, MONTHS, WEEKDAYS
from service.core.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from service.core.email import Email

MOST = 50
"""Mentions that are kept."""
_PAST = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Mention:
    """A day (`date`) or a moment (`datetime` in the writer's zone), in the words of the message."""

    words: str
    when: date | datetime
    sentence: str


def mentions(email: Email) -> tuple[Mention, ...]:
    """What the writer mentions, in the order of the text, at most `MOST`."""
    return mentions_in(sentences(email.body), sent_at(email))


def mentions_in(of: Iterable[str], sent: datetime | None) -> tuple[Mention, ...]:
    """The mentions in these sentences; without `sent` only dates that name their year."""
    found: list[Mention] = []
    for sentence in of:
        found += _in_sentence(sentence, sent)
        if len(found) >= MOST:
            break
    return tuple(found[:MOST])


def sent_at(email: Email) -> datetime | None:
    """When the message was sent, in the writer's own zone as Date gives it; UTC where Date names no usable one."""
    zone = _ZONE.search(email.header("date")[-60:])
    if email.sent is None:
        return None
    if not zone:
        return email.sent
    offset = timedelta(hours=int(zone[2]), minutes=int(zone[3]))
    offset = offset if zone[1] == "+" else -offset
    if not -timedelta(hours=12) <= offset <= timedelta(hours=14):
        return email.sent
    try:
        return email.sent.astimezone(timezone(offset))
    except OverflowError:
        return email.sent


def _any(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_ZONE = re.compile(r"([+-])(\d{2})([0-5]\d)\b")
_MONTH = rf"(?P<month>{_any(MONTHS)})(?!\w)(?:\.(?=,? \d))?"
_YEAR = r"(?:,? {1,2}(?:del? )?(?P<year>\d{4})(?!\d))?"
_DATE = re.compile(
    r"(?<![\w./-])(?:"
    r"(?P<stamp>\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)(?![\w:])"
    r"|(?P<iso>\d{4}-\d{2}-\d{2})(?=T\d|[^\w-]|$)"
    r"|(?P<dotted>\d{1,2}\.\d{1,2}\.(?:\d{4}|\d{2})?)(?![\d.])"
    r"|(?P<slashed>\d{1,2}/\d{1,2}/\d{4})(?![\d/])"
    rf"|(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|\.|º|°)? (?:of |de )?{_MONTH}{_YEAR}"
    rf"|{_MONTH.replace('month', 'month_first')} (?P<day_second>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:.,]*\d)"
    rf"{_YEAR.replace('year', 'year_last')}"
    rf"|(?P<which>next |last |past |letzten |letzte |vergangenen |le dernier )?(?P<weekday>{_any(WEEKDAYS)})s?(?!\w)"
    r"(?P<gone> dernier| passé| pasado| scorso)?"
    rf"|(?P<ahead>{_any(DAYS_AHEAD)})(?!\w)"
    rf"|in (?P<count>\d{{1,2}}|{_any(COUNTS)}) (?P<unit>{_any(DAYS_IN)})(?!\w)"
    rf"|(?:dans|en|tra|fra) (?P<count_b>\d{{1,2}}|{_any(COUNTS)}) (?P<unit_b>{_any(DAYS_IN)})(?!\w)"
    r"|(?P<month_end>end of (?:the |this )?month|monatsende|ende des monats|la fin du mois"
    r"|fin de mes|fine del mese)(?!\w)"
    r"|(?P<week_end>end of (?:the |this )?week|ende der woche|la fin de la semaine"
    r"|fin de semana|fine settimana)(?!\w)"
    r"|(?P<day_end>end of (?:the |this )?(?:business )?day|eod|cob)(?!\w)"
    r")",
    re.IGNORECASE,
)
_CLOCK = (
    r"(?:(?P<hour>\d{1,2})(?:"
    r"(?:[:.](?P<minute>[0-5]\d))? ?(?P<half>[ap])(?:m\b|\.m\b\.?)"
    r"|[:.](?P<minute_b>[0-5]\d)(?!\d)(?: ?uhr\b)?|(?P<uhr> ?uhr\b)|(?P<h> ?h)(?P<minute_h>[0-5]\d)?(?!\w))"
    r"|(?P<noon>noon|midday|mittags?|midi|mediodía|mezzogiorno)\b)"
)
_AFTER = re.compile(rf"(?:T|,? (?:at |around |um |gegen |à |a las |alle )?|, ){_CLOCK}", re.IGNORECASE)
_BEFORE = re.compile(rf"(?<![\w:.]){_CLOCK} (?:on |am |le |el |il |de |di )?$", re.IGNORECASE)
_MORNING = re.compile(r"(?:guten|good|la|am|every|jeden) $", re.IGNORECASE)


@lru_cache(maxsize=2048)  # each sentence of a message is looked at for several ends
def _in_sentence(sentence: str, sent: datetime | None) -> tuple[Mention, ...]:
    return tuple(_found(sentence, sent))


def _found(sentence: str, sent: datetime | None) -> Iterator[Mention]:
    for match in _DATE.finditer(sentence):
        if match["ahead"] and (_MORNING.search(sentence[max(0, match.start() - 8) : match.start()])):
            continue
        if stamp := _stamp(match["stamp"], sent):
            yield Mention(match.group(), stamp, sentence)
            continue
        day = _day(match, sent)
        if day is None:
            continue
        start, end, when = match.start(), match.end(), day
        after = _AFTER.match(sentence, end)
        before = None if after else _BEFORE.search(sentence[max(0, start - 20) : start])
        clock = after or before
        moment = _time(clock) if clock else None
        if moment:
            zone = sent.tzinfo if sent else UTC
            start, end = (start, after.end()) if after else (start - len(before.group() if before else ""), end)
            when = datetime.combine(day, moment, zone)
        yield Mention(sentence[start:end].strip(), when, sentence)


def _stamp(text: str | None, sent: datetime | None) -> datetime | None:
    """ISO 8601 with a time; in the writer's zone where it names none."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=sent.tzinfo if sent else UTC)


def _day(match: re.Match[str], sent: datetime | None) -> date | None:
    try:
        for name, read in _ABSOLUTE.items():
            if match[name]:
                return read(match, sent.date() if sent else None)
        if sent:
            for name, resolve in _RELATIVE.items():
                if match[name]:
                    return resolve(match, sent.date())
    except (ValueError, OverflowError):  # there is no such day
        return None
    return None


def _dated(day: str, month: int, year: str | None, sent: date | None) -> date | None:
    if year:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, int(day))
    if sent is None:
        return None
    found = date(sent.year, month, int(day))
    return found if found >= sent - _PAST else date(sent.year + 1, month, int(day))


def _dotted(match: re.Match[str], sent: date | None) -> date | None:
    day, month, year = match["dotted"].split(".")
    return _dated(day, int(month), year, sent)


def _slashed(match: re.Match[str], sent: date | None) -> date | None:
    one, other, year = match["slashed"].split("/")
    if int(one) <= 12 and int(other) <= 12 and one != other:
        return None
    return _dated(one, int(other), year, sent) if int(other) <= 12 else _dated(other, int(one), year, sent)


def _named(day: str, month: str, match: re.Match[str], sent: date | None) -> date | None:
    if match[month] == "may":  # the verb
        return None
    year = match["year"] if month == "month" else match["year_last"]
    return _dated(match[day], MONTHS[match[month].casefold()], year, sent)


def _weekday(match: re.Match[str], sent: date) -> date | None:
    which = (match["which"] or "").strip().casefold()
    if match["gone"] or which not in {"", "next"}:
        return None
    wanted = WEEKDAYS[match["weekday"].casefold()]
    if which == "next":
        return sent + timedelta(days=7 - sent.weekday() + wanted)
    return sent + timedelta(days=(wanted - sent.weekday() - 1) % 7 + 1)


def _distance(match: re.Match[str], sent: date, suffix: str) -> date:
    count = match[f"count{suffix}"].casefold()
    number = int(count) if count.isdigit() else COUNTS[count]
    return sent + timedelta(days=number * DAYS_IN[match[f"unit{suffix}"].casefold()])


_ABSOLUTE: dict[str, Callable[[re.Match[str], date | None], date | None]] = {
    "iso": lambda match, _: date.fromisoformat(match["iso"]),
    "dotted": _dotted,
    "slashed": _slashed,
    "day": lambda match, sent: _named("day", "month", match, sent),
    "month_first": lambda match, sent: _named("day_second", "month_first", match, sent),
}
_RELATIVE: dict[str, Callable[[re.Match[str], date], date | None]] = {
    "weekday": _weekday,
    "ahead": lambda match, sent: sent + timedelta(days=DAYS_AHEAD[match["ahead"].casefold()]),
    "count": lambda match, sent: _distance(match, sent, ""),
    "count_b": lambda match, sent: _distance(match, sent, "_b"),
    "month_end": lambda _, sent: sent.replace(day=monthrange(sent.year, sent.month)[1]),
    "week_end": lambda _, sent: sent + timedelta(days=(4 - sent.weekday()) % 7),
    "day_end": lambda _, sent: sent,
}


def _time(clock: re.Match[str]) -> time | None:
    if clock["noon"]:
        return time(12)
    hour = int(clock["hour"])
    minute = int(clock["minute"] or clock["minute_b"] or clock["minute_h"] or 0)
    if clock["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if clock["half"].casefold() == "p" else 0)
    return time(hour, minute) if hour <= 23 else None
