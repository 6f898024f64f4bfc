"""The words for days and months in English, German, French, Spanish and Italian."""

from __future__ import annotations


def _numbered(*rows: str) -> dict[str, int]:
    return {word: number for number, row in enumerate(rows) for word in row.split()}


WEEKDAYS = _numbered(
    "monday montag lundi lunes lunedì lunedi",
    "tuesday dienstag mardi martes martedì martedi",
    "wednesday mittwoch mercredi miércoles miercoles mercoledì mercoledi",
    "thursday donnerstag jeudi jueves giovedì giovedi",
    "friday freitag vendredi viernes venerdì venerdi",
    "saturday samstag sonnabend samedi sábado sabado sabato",
    "sunday sonntag dimanche domingo domenica",
)
"""Monday is 0."""
MONTHS = {
    word: number + 1
    for word, number in _numbered(
        "january jan januar jänner jän janvier janv enero ene gennaio gen",
        "february feb februar février fevrier févr fév febrero febbraio",
        "march mar märz mär mars marzo",
        "april apr avril avr abril abr aprile",
        "may mai mayo maggio mag",
        "june jun juni juin junio giugno giu",
        "july jul juli juillet juil julio luglio lug",
        "august aug août aout agosto ago",
        "september sep sept septembre septiembre settembre",
        "october oct oktober okt octobre octubre ottobre ott",
        "november nov novembre noviembre",
        "december dec dezember dez décembre decembre déc diciembre dic dicembre",
    ).items()
}
DAYS_AHEAD = {
    "today": 0, "tonight": 0, "tomorrow": 1, "the day after tomorrow": 2,
    "heute": 0, "heute abend": 0, "morgen": 1, "übermorgen": 2,
    "aujourd'hui": 0, "aujourd’hui": 0, "ce soir": 0, "demain": 1, "après-demain": 2,
    "hoy": 0, "esta noche": 0, "mañana": 1, "pasado mañana": 2,
    "oggi": 0, "stasera": 0, "domani": 1, "dopodomani": 2,
}  # fmt: skip
COUNTS = {
    "a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "einem": 1, "einer": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6,
    "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5,
    "una": 1, "dos": 2, "tres": 3, "cuatro": 4, "due": 2, "tre": 3, "quattro": 4,
}  # fmt: skip
DAYS_IN = {
    word: days
    for days, words in (
        (1, "day days tag tage tagen jour jours día días dia dias giorno giorni"),
        (7, "week weeks woche wochen semaine semaines semana semanas settimana settimane"),
    )
    for word in words.split()
}
"""How many days a unit has."""
