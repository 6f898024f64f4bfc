"""Mail in files: a Maildir, and the subfolders of Maildir++, as qmail and Dovecot lay them out."""

from service.mail.maildir.source import Maildir

__all__ = ["Maildir"]
