"""What mail programs write around quotes and below texts, in the languages of their users."""

from __future__ import annotations

import re


def _any(*alternatives: str) -> str:
    return f"(?:{'|'.join(alternatives)})"


WROTE = re.compile(
    r"\b"
    + _any(
        "wrote", "writes", "said", "schrieb", "schreibt", "geschrieben", "écrit", "ecrit", "escribió", "escribio",
        "ha scritto", "scrisse", "escreveu", "schreef", "skrev", "kirjoitti", "napisał", "napisała", "napsal", "írta",
        "yazdı", "написал", "написала", "пишет", "пише",
    )
    + r"\b|写道|寫道|のメール|작성",
    re.IGNORECASE,
)  # fmt: skip
"""The verb of "On … Ada wrote:"."""

OPENINGS = (
    "on ", "am ", "le ", "el ", "il ", "em ", "op ", "den ", "w dniu ", "dne ", "в ", "a ", "på ", "20", "在 ",
)  # fmt: skip
"""How such a line begins, in lower case."""

DATED = re.compile(r"\d{1,2}[:.h]\d{2}|\b(?:19|20)\d{2}\b|\d{1,2}[./-]\d{1,2}[./-]\d{2}|@")
"""A time, a year, a date or an address: what tells such a line from a sentence."""

ORIGINAL = re.compile(
    r"[-_*\s]{0,40}"
    + _any(
        "original (?:message|appointment)", "forwarded message", "forwarded by .{1,80}", "begin forwarded message",
        "(?:ursprüngliche|original)[- ]?(?:nachricht|e-?mail)", "weitergeleitete nachricht",
        "anfang der weitergeleiteten nachricht", "message (?:d['’]origine|original|transféré|transmis)",
        "début du message (?:transféré|réexpédié)", "mensaje (?:original|reenviado)", "inicio del mensaje reenviado",
        "mensagem (?:original|encaminhada)", "messaggio (?:originale|inoltrato)", "inizio messaggio inoltrato",
        "oorspronkelijk bericht", "doorgestuurd bericht", "original(?:t)? ?meddelande", "oprindelig meddelelse",
        "wiadomość oryginalna", "исходное сообщение", "пересылаемое сообщение",
    )
    + r"[-_*:\s]{0,40}",
    re.IGNORECASE,
)  # fmt: skip
"""The whole line above an older message."""

FROM = re.compile(
    r"\s{0,3}\*?"
    + _any("from", "von", "de", "da", "van", "från", "fra", "od", "от", "expéditeur", "mittente", "发件人", "差出人")
    + r"\s?[:：]\*?\s*\S",
    re.IGNORECASE,
)
"""The first line of the headers that Outlook writes above an older message."""

FIELD = re.compile(
    r"\s{0,3}\*?"
    + _any(
        "sent", "date", "to", "cc", "subject", "reply-to", "gesendet", "datum", "an", "betreff", "envoyé", "à", "objet",
        "enviado(?: el)?", "para", "assunto", "asunto", "fecha", "data", "inviato", "a", "oggetto", "verzonden", "aan",
        "onderwerp", "skickat", "till", "ämne", "sendt", "til", "emne", "wysłano", "do", "temat", "отправлено", "кому",
        "тема", "дата", "发送时间", "收件人", "主题", "送信日時", "宛先", "件名",
    )
    + r"\s?[:：]",
    re.IGNORECASE,
)  # fmt: skip
"""The lines below it."""

SENT_FROM = re.compile(
    _any(
        r"sent (?:from|via|with|using) \S.{0,60}", r"get outlook for \S.{0,40}",
        r"(?:diese nachricht wurde )?(?:von|vom) mein\S{0,3} .{1,60} gesendet\.?",
        r"gesendet (?:von|mit|über) \S.{0,60}", r"outlook für \S.{0,20} (?:beziehen|herunterladen)",
        r"envoyé (?:de|depuis|à partir de) \S.{0,60}", r"obtenez outlook pour \S.{0,40}",
        r"enviado (?:desde|de|do|a partir do) \S.{0,60}", r"inviato da\S{0,2} \S.{0,60}",
        r"verzonden (?:vanaf|vanuit|met|via) \S.{0,60}", r"skickat från \S.{0,60}", r"sendt fra \S.{0,60}",
        r"wysłane z \S.{0,60}", r"отправлено (?:с|из) \S.{0,60}",
    )
    + r"(?: <\S{0,200}>)?",
    re.IGNORECASE,
)  # fmt: skip
"""The whole line that phones put below a text."""
