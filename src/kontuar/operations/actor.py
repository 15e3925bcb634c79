"""Who asks: a logged-in operator, with what he may do and what others allowed him once."""

import msgspec

from kontuar.kernel.errors import refuse


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """One action that another operator allowed (authorisation window); spent by the operation that uses it."""

    grant_id: str
    right: str
    operator: str
    doc_id: str = ""


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """`rights` come from the roles; `grant` is an authorisation that came with this one request."""

    operator: str
    name: str
    rights: frozenset[str]
    language: str = "pl"
    login_id: str = ""
    grant: Grant | None = None

    def may(self, right: str, doc_id: str = "") -> bool:
        """Whether the action is allowed, by own right or by the grant for this document."""
        return right in self.rights or self.granted(right, doc_id) is not None

    def granted(self, right: str, doc_id: str) -> Grant | None:
        """The grant that covers the action, if one came with the request."""
        grant = self.grant
        return grant if grant and grant.right == right and grant.doc_id in ("", doc_id) else None

    def rights_on(self, doc_id: str) -> frozenset[str]:
        """Own rights and what the grant adds for this document."""
        grant = self.grant
        return self.rights | {grant.right} if grant and grant.doc_id in ("", doc_id) else self.rights

    def require(self, right: str, doc_id: str = "") -> None:
        """Raise `Refused("right.missing")` unless the action is allowed."""
        if not self.may(right, doc_id):
            raise refuse("right.missing", right=right)
