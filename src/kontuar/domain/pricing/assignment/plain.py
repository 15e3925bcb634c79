"""A bundle that meets no other and can be filled in one way only: take it as often as it goes, or leave it.

Most of what a shop's baskets hold is that: a line of three pieces with *three for two* on it, a pair that is there.
"""

from kontuar.domain.pricing.assignment.canonical import limit_of
from kontuar.domain.pricing.assignment.model import Answer, Column, Component, Model

NOTHING = Answer({}, {})


def plain_answer(model: Model, component: Component) -> Answer | None:
    """The best answer of such a component by the same criteria as any other's; None when there is more to weigh."""
    if component.gates or len(component.columns) != 1:
        return None
    at = component.columns[0]
    column = model.columns[at]
    if len(column.parts) != 1:
        return None
    size, kinds = column.parts[0].units, component.kinds
    units = [model.kinds[kind].units for kind in kinds]
    if len(kinds) == 1:
        most = limit_of(model, column.offer, units[0] // size)
        taken = {(at, 0, kinds[0]): size * most}
        filling = [(kinds[0], size)]
    elif sum(units) == size:
        most = limit_of(model, column.offer, 1)
        filling = list(zip(kinds, units, strict=True))
        taken = {(at, 0, kind): count for kind, count in filling}
    else:
        return None
    return Answer(taken, {}) if most and _is_better(model, column, filling) else NOTHING


def _is_better(model: Model, column: Column, filling: list[tuple[int, int]]) -> bool:
    """Whether an application beats its units alone: by saving, by fewer applications, by the earlier offers.

    The last criterion, more units taken by the earlier offer, is always for it.
    """
    part = column.parts[0]
    saved, applications = column.fixed, -1
    offers = {column.offer: 1}
    rewarded = part.units if part.last is None else part.last
    for kind, count in reversed(filling):
        given = min(count, rewarded)
        rewarded -= given
        saved += given * part.gains[kind]
        single = model.singles.get(kind)
        if single is not None:
            saved -= count * single.gain
            applications += count
            offers[single.offer] = offers.get(single.offer, 0) - count
    if saved or applications:
        return saved > 0 or (not saved and applications > 0)
    return next((count > 0 for _, count in sorted(offers.items()) if count), True)
