"""The next free EAN of the firm's own range (HUB-13)."""

import itertools
from collections.abc import Collection
from typing import Final

from kontuar.domain.firm.parameters import number_range
from kontuar.domain.parties.rights import DEFINE
from kontuar.kernel.codes import with_ean_check_digit
from kontuar.kernel.errors import refuse
from kontuar.operations.actor import Actor
from kontuar.operations.hub.defining.definitions import Definitions
from kontuar.operations.hub.defining.switches import global_values

LENGTHS: Final = (8, 13, 14)
_AT_ONCE: Final = 500


def ranged_lengths(definitions: Definitions) -> tuple[int, ...]:
    """The lengths that the firm has a range of its own for."""
    with definitions.store.transaction():
        value = global_values((), definitions.store)
        return tuple(length for length in LENGTHS if number_range(value(_parameter(length))) is not None)


def next_ean(definitions: Definitions, actor: Actor, length: int, besides: Collection[str] = ()) -> str:
    """The lowest EAN of the range of this length (8, 13 or 14 digits) that no article and no batch has.

    `besides`: those written down already and not saved yet. Two who ask at once are told the same one; who writes it
    second is refused (`article.ean_taken`).
    Raises `Refused("article.ean_range_missing" | "article.ean_range_used_up")`. Needs the right `hub.define`.
    """
    actor.require(DEFINE)
    with definitions.store.transaction():
        known = length in LENGTHS
        span = number_range(global_values((), definitions.store)(_parameter(length))) if known else None
        if span is None:
            raise refuse("article.ean_range_missing", length=length)
        bodies = (str(number).zfill(length - 1) for number in range(span[0], span[1] + 1))
        while chunk := list(itertools.islice(bodies, _AT_ONCE)):
            eans = [with_ean_check_digit(body) for body in chunk]
            taken = definitions.store.claimed([("ean", ean) for ean in eans])
            for ean in eans:
                if ("ean", ean) not in taken and ean not in besides:
                    return ean
    raise refuse("article.ean_range_used_up", length=length)


def _parameter(length: int) -> str:
    return f"article.ean_{length}_range"
