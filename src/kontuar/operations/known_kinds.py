"""What a program knows, so that versions work beside each other: kinds of definitions and of messages (REL-16)."""

from collections.abc import Collection, Iterable
from typing import Final

from kontuar.domain.definitions.kinds import KINDS
from kontuar.domain.documents.messages import BODIES
from kontuar.kernel.canonical import content_hash

CERTIFICATE: Final = "certificate"

FIRST_KINDS: Final = frozenset((
    "article", "article_group", "attribute", "batch", "centre", CERTIFICATE, "contractor", "contractor_group", "coupon",
    "currency", "delivery_method", "discount", "discount_group", "document_settings", "exchange_rate", "firm",
    "numbering", "operator", "parameter", "payment_form", "picture", "price", "price_list", "property",
    "quick_favourite", "quick_group", "reason", "role", "station", "store", "unit", "vat_rate", "view", "warehouse",
))  # fmt: skip
"""Kinds of definitions that every program knows which does not say what it knows. Never add to these."""


def known_kinds() -> frozenset[str]:
    """Kinds of definitions that this program knows."""
    return frozenset(KINDS) | {CERTIFICATE}


def withheld_from(told: Iterable[Collection[str] | None]) -> frozenset[str]:
    """Kinds that are not given because somebody does not know them; None = a program that does not say."""
    given = known_kinds()
    for kinds in told:
        given &= FIRST_KINDS if kinds is None else frozenset(kinds)
    return known_kinds() - given


def mark_of(withheld: Collection[str]) -> str:
    """What is put behind the epoch of a view: empty for the first kinds. Whoever learns a kind gets all rows anew, for
    those of that kind may be older than what was told last."""
    unlike = sorted((known_kinds() - frozenset(withheld)) ^ FIRST_KINDS)
    return "~" + content_hash("|".join(unlike).encode()).hex()[:8] if unlike else ""


def _newest_schemas() -> dict[str, int]:
    newest: dict[str, int] = {}
    for name in BODIES:
        kind, _, version = name.partition("/")
        newest[kind] = max(newest.get(kind, 0), int(version))
    return newest


SCHEMAS: Final = _newest_schemas()
"""Newest version of every kind of message that this program writes."""


def newer_than_ours(schemas: dict[str, int]) -> tuple[str, ...]:
    """Kinds of messages that another program writes and this one cannot read yet."""
    return tuple(sorted(f"{kind}/{newest}" for kind, newest in schemas.items() if newest > SCHEMAS.get(kind, 0)))
