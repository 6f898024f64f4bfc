"""Who may use the service: with an access token, a token of one's own for scripts, or the cookie of a session."""

from service.access.token import Access, bearer

__all__ = ["Access", "bearer"]
