"""Mail on an IMAP server (RFC 9051 and 3501), followed with IDLE and CONDSTORE where the server has them."""

from service.mail.imap.source import Imap

__all__ = ["Imap"]
