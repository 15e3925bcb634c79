"""Discounts at head office: judged as the engine reads them, confirmed, withdrawn, put in order (DISC-20, DISC-40)."""

import datetime
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final, Literal

import msgspec

from kontuar.domain.catalogue.records import Article, ArticleGroup
from kontuar.domain.definitions.checks import problems_with
from kontuar.domain.parties.rights import DEFINE, SEE_HUB
from kontuar.domain.pricing.book import LineKey, compile_rules
from kontuar.domain.pricing.definition import MANY_BUNDLES, most_bundles_together
from kontuar.domain.pricing.discount import Discount, LeftOut, State, discount_in, impossible_number, rule_of
from kontuar.domain.pricing.in_words import says
from kontuar.domain.pricing.phrases import Phrase
from kontuar.domain.pricing.reach import Parents, groups_of, path_of
from kontuar.domain.pricing.references import goods_of
from kontuar.kernel.errors import Problem, refuse
from kontuar.operations.actor import Actor
from kontuar.operations.hub.defining.definitions import Definitions, Written
from kontuar.operations.ports.hub_definitions import DefinitionStore, RowKey

STEP_IN_ORDER: Final = 10
"""Places in an order are told apart by ten, so that a file may put one between."""
Way = Literal["up", "down"]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How the engine reads a discount: what it says, what is wrong with it, what to beware of."""

    says: tuple[Phrase, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """A discount in its order: bundles in theirs, promotions by priority and place."""

    code: str
    name: str
    state: State
    priority: int
    position: int


def read_discount(definitions: Definitions, actor: Actor, discount: Discount) -> Reading:
    """A discount that need not be stored, as the engine would read it."""
    actor.require(SEE_HUB)
    problems = tuple(problems_with(discount))
    warnings = () if problems else tuple(overlaps(definitions, discount))
    said = () if impossible_number(discount) else tuple(says(discount))
    return Reading(says=said, problems=problems, warnings=warnings)


def stored_discount(definitions: Definitions, actor: Actor, code: str) -> tuple[Discount, int]:
    """A discount and its version; raises `Refused` when there is none, or it is not to be read."""
    row = definitions.row(actor, "discount", code)
    found = discount_in(row.key, row.version, row.body)
    if isinstance(found, LeftOut):
        raise refuse(found.problem.code, found.problem.place, **found.problem.facts)
    return found, row.version


def set_state(
    definitions: Definitions, actor: Actor, code: str, state: State, expected: int | None = None
) -> tuple[Written, Sequence[Problem]]:
    """Confirm, withdraw or make a draft again; what was written, and warnings (too many overlapping bundles).

    `expected`: the version that was looked at. Raises `Refused` as `Definitions.put_one`.
    """
    actor.require(DEFINE)
    discount, version = stored_discount(definitions, actor, code)
    changed = msgspec.structs.replace(discount, state=state)
    written = definitions.put_one(actor, "discount", code, changed, version if expected is None else expected)
    return written, tuple(overlaps(definitions, changed)) if state == "confirmed" else ()


def overlaps(definitions: Definitions, discount: Discount) -> Iterator[Problem]:
    """A warning where more than six bundles concern one article together with this one (DISC-40)."""
    if discount.source != "BUNDLE" or discount.state == "withdrawn" or problems_with(discount):
        return
    with definitions.store.transaction():
        others = [other for other, _ in _readable(definitions.store) if _may_meet(other, discount)]
        keys = _keys(definitions.store, [discount, *others])
    mine = compile_rules([rule_of(discount, 1)])
    concerned = [key for key in keys if mine.candidates(key)]
    count, key = most_bundles_together(compile_rules(rule_of(one, 1) for one in (discount, *others)), concerned)
    if key is not None and count > MANY_BUNDLES:
        goods = key[0] or key[1][0] if key[0] or key[1] else ""
        yield Problem("discount.many_bundles", discount.code, {"count": str(count), "goods": goods})


def orders(definitions: Definitions, actor: Actor) -> tuple[Sequence[Placed], Sequence[Placed]]:
    """The bundles and the promotions (PRM) as the engine takes them, withdrawn ones left out."""
    actor.require(SEE_HUB)
    with definitions.store.transaction():
        rows = [discount for discount, _ in _readable(definitions.store)]
    return _ordered(rows, "BUNDLE"), _ordered(rows, "PRM")


def move(definitions: Definitions, actor: Actor, code: str, way: Way) -> Written:
    """Put a bundle or a promotion one place up or down in its order; at the end nothing changes.

    Promotions change places within one priority. Raises `Refused("discount.no_order")` for other kinds.
    """
    actor.require(DEFINE)
    discount, _ = stored_discount(definitions, actor, code)
    if discount.source not in ("BUNDLE", "PRM"):
        raise refuse("discount.no_order", code, kind=discount.source)
    with definitions.store.transaction():
        versions = {found.code: (found, version) for found, version in _readable(definitions.store)}
    listed = [
        placed.code
        for placed in _ordered([found for found, _ in versions.values()], discount.source)
        if discount.source == "BUNDLE" or placed.priority == discount.step
    ]
    if code in listed:
        at = listed.index(code)
        to = min(max(at + (-1 if way == "up" else 1), 0), len(listed) - 1)
        listed.insert(to, listed.pop(at))
    rows: list[tuple[str, Discount]] = []
    expected: dict[RowKey, int] = {}
    for place, one in enumerate(listed, 1):
        found, version = versions[one]
        if found.position != place * STEP_IN_ORDER:
            rows.append(("discount", msgspec.structs.replace(found, position=place * STEP_IN_ORDER)))
            expected["discount", one] = version
    return definitions.put_rows(actor, rows, expected)


def _ordered(discounts: Sequence[Discount], source: str) -> list[Placed]:
    rows = [one for one in discounts if one.source == source and one.state != "withdrawn"]
    rows.sort(key=lambda one: (0 if source == "BUNDLE" else one.step, one.position, one.code))
    return [
        Placed(
            code=one.code, name=one.name, state=one.state, priority=0 if source == "BUNDLE" else one.step,
            position=one.position,
        )
        for one in rows
    ]  # fmt: skip


def _readable(store: DefinitionStore) -> Iterator[tuple[Discount, int]]:
    for row in store.rows("discount"):
        found = discount_in(row.key, row.version, row.body)
        if not isinstance(found, LeftOut):
            yield found, row.version


def _may_meet(other: Discount, discount: Discount) -> bool:
    """Another bundle that is not withdrawn, holds on common days, and that the engine can read."""
    if other.source != "BUNDLE" or other.state == "withdrawn" or other.code == discount.code:
        return False
    return _overlap(other, discount) and not problems_with(other)


def _overlap(one: Discount, other: Discount) -> bool:
    earliest, latest = datetime.date.min, datetime.date.max
    begins = max(one.validity.first_day or earliest, other.validity.first_day or earliest)
    return begins <= min(one.validity.last_day or latest, other.validity.last_day or latest)


def _keys(store: DefinitionStore, discounts: Sequence[Discount]) -> list[LineKey]:
    """Every article that the discounts name, and for each group they name an article that nobody names."""
    parents: Parents = {row.key: msgspec.json.decode(row.body, type=ArticleGroup).parent
                        for row in store.rows("article_group")}  # fmt: skip
    selectors = [selector for one in discounts for goods in goods_of(one) for selector in goods]
    articles = sorted(set(chain.from_iterable(selector.articles for selector in selectors)))
    groups = sorted(set(chain.from_iterable(selector.groups for selector in selectors)))
    found = (msgspec.json.decode(row.body, type=Article) for row in store.rows("article", articles))
    keys: list[LineKey] = [(article.code, groups_of(article, parents)) for article in found]
    return [*keys, *(("", path_of(group, parents)) for group in groups), ("", ())]
