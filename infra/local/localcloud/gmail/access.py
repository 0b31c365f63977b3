"""Who calls, and what their token reaches.

A bearer token of the local cloud is an address, and may name its scopes after a colon by the last
part of their names: `intake@datasmash.example:gmail.modify,gmail.send`. Without any it has the
scope https://mail.google.com/, which reaches everything (Gmail guide "Choose Gmail API scopes").
"""

from dataclasses import dataclass

from localcloud.discovery import Matched
from localcloud.gmail.refusals import ScopeError, forbidden

EVERYTHING = "https://mail.google.com/"
_AUTH = "https://www.googleapis.com/auth/"
_READING = frozenset({EVERYTHING, _AUTH + "gmail.modify", _AUTH + "gmail.readonly"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One user, as far as a token speaks for them."""

    address: str
    scopes: frozenset[str]

    @property
    def sees_metadata_only(self) -> bool:
        """The scope gmail.metadata allows neither bodies nor searches."""
        return not self.scopes & _READING

    def require(self, matched: Matched) -> None:
        """403 for what the token does not reach, and for other people's mailboxes."""
        if not self.scopes & set(matched.method.get("scopes", ())):
            raise ScopeError(matched.id)
        if matched.path["userId"].lower() not in ("me", self.address):
            raise forbidden(f"Delegation denied for {self.address}")


def caller_of(token: str, default: str) -> Caller:
    """Whom a token stands for; without an address in it, the default."""
    address, _, named = token.strip().partition(":")
    names = [name for name in named.split(",") if name]
    scopes = {EVERYTHING if name == "mail.google.com" else _AUTH + name for name in names}
    return Caller(
        address=address.lower() if "@" in address else default,
        scopes=frozenset(scopes or {EVERYTHING}),
    )
