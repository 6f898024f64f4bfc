"""The address of the database: what is accepted, and what of it may be shown."""

from __future__ import annotations

from pydantic import Secret
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from service.values import REDACTED, Unquoted

_POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg")  # `postgres` is what Heroku and Render hand out
_SILENCE = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "25000",
}
"""How long libpq bears a silent server, in seconds, the last in milliseconds; a URL may say something else."""
_ESCAPE = "in a user name or a password '/', '?', '#', '@', ':' and '%' are written %2F, %3F, %23, %40, %3A and %25"


class DatabaseUrl(Secret[str]):
    """A URL that `parse` has accepted; as text it shows neither user name nor password nor options."""

    @staticmethod
    def parse(text: str) -> str:
        """The text itself, when it is the URL of a database. Raises `Unquoted`."""
        if not text.isprintable() or " " in text:
            raise Unquoted("it has blanks or control characters in it")
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            raise Unquoted(f"it cannot be read as a URL: {_ESCAPE}") from None
        if url.drivername == "sqlite":
            if not url.database or url.database == ":memory:" or url.host:
                raise Unquoted("a file's absolute path begins with a fourth '/'")
        elif url.drivername not in _POSTGRESQL:
            raise Unquoted("it does not begin with postgresql:// or sqlite:///")
        elif not url.database:
            raise Unquoted("there is no name of a database behind the host")
        return text

    def url(self) -> URL:
        """As SQLAlchemy takes it, with the driver that is installed."""
        url = make_url(self.get_secret_value())
        if url.drivername == "sqlite":
            return url
        # A database of encoding SQL_ASCII would give bytes for text.
        options = {**_SILENCE, **url.query, "client_encoding": "utf8"}
        return url.set(drivername="postgresql+psycopg").update_query_dict(options)

    def hide(self, text: str) -> str:
        """`text` without the password, as a server's error may quote it."""
        password = self.url().password
        return text.replace(str(password), REDACTED) if password else text

    def _display(self) -> str:
        url = make_url(self.get_secret_value())
        if url.drivername == "sqlite":
            return f"sqlite:///{url.database}"
        user = f"{REDACTED}@" if url.username or url.password else ""
        port = f":{url.port}" if url.port else ""
        options = f"?{REDACTED}" if url.query else ""
        return f"postgresql://{user}{url.host or ''}{port}/{url.database}{options}"
