"""Receipts, invoices and orders: numbers, amounts, and the words for them in several languages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from service.core.triage.evidence import any_of, quoted, says

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.core.triage.evidence import Case, Evidence

_WORD = any_of(
    "receipt", "your order", "order confirmation", "order number", "invoice", "payment received",
    "payment confirmation", "thank you for your purchase", "thanks for your order", "thank you for your order",
    "thank you for your payment", "your booking", "booking confirmation", "billing statement", "has been charged",
    "you paid", "refund", "e-ticket", "bestellung", "bestellbestätigung", "auftragsbestätigung", "rechnung",
    "quittung", "zahlungsbestätigung", "buchung", "zahlung erhalten", "kaufbeleg", "facture", "reçu",
    "votre commande", "confirmation de commande", "paiement reçu", "pedido", "factura", "recibo", "fattura",
    "ricevuta", "ordine", "bestelling", "factuur", "fatura",
)  # fmt: skip
_NUMBER = re.compile(
    r"(?<!\w)(?:order|invoice|receipt|booking|confirmation|transaction"
    r"|bestell|auftrags|rechnungs|buchungs|commande"
    r"|facture|pedido|factura|ordine|fattura|ref)\w{0,12}[ \t]{0,2}"
    r"(?:number|nummer|numéro|número|no\.?|nr\.?|n°|id|code)?"
    r"[ \t]{0,2}[:#]?[ \t]{0,2}#?[a-z0-9-]{0,8}\d[a-z0-9-]{3,24}"
)
_AMOUNT = re.compile(
    r"(?:[$€£¥]|(?<!\w)(?:usd|eur|gbp|chf|cad|aud))[ \t\u00a0]?\d{1,3}(?:[.,' \u00a0]?\d{3}){0,3}(?:[.,]\d{2})?(?!\d)"
    r"|(?<![\w.,])\d{1,3}(?:[.,' \u00a0]?\d{3}){0,3}[.,]\d{2}[ \t\u00a0]?"
    r"(?:[$€£¥]|(?:usd|eur|gbp|chf|cad|aud|euro)(?!\w))"
)
_TOTAL = any_of(
    "total", "subtotal", "amount due", "amount paid", "vat", "tax", "gesamtbetrag", "gesamtsumme", "summe", "mwst",
    "zwischensumme", "montant", "tva", "importe", "iva", "totale", "bedrag", "btw", "payment method", "zahlungsart",
)  # fmt: skip


def receipt(case: Case) -> Iterator[Evidence]:
    """Word, number, amount and total: one of them says little, together they say much."""
    text = case.text[:8000]
    subject = _WORD.search(case.subject)
    if subject:
        yield from says(f"its subject says {quoted(subject.group())}", receipt=1.8)
    word, number = _WORD.search(text), _NUMBER.search(text) or _NUMBER.search(case.subject)
    amount, total = _AMOUNT.search(text), _TOTAL.search(text)
    if number and (word or subject):
        yield from says(f"it gives a number: {quoted(number.group())}", receipt=1.5, marketing=-0.5, spam=-0.3)
    if amount and total and (word or subject):
        yield from says(f"it states an amount and a total: {quoted(amount.group())}", receipt=1.5, marketing=-0.3)
    elif amount and (word or subject):
        yield from says(f"it states an amount: {quoted(amount.group())}", receipt=0.6)
    if word and not subject:
        yield from says(f"its text says {quoted(word.group())}", receipt=0.6)
