"""Leaves out bundles that others better whatever the units: *four, the cheapest free* beside *two, the cheapest free*.

Only what saves strictly more betters here, so no tie is decided: the answer stays the one of all bundles. It is looked
for only where many bundles overlap, because every search there grows with the product of their sizes (DISC-25).
"""

import msgspec

from kontuar.domain.pricing.assignment.model import Column, Component, Model


def thinned(model: Model, component: Component) -> Component:
    """The component without columns that another one, applied once or several times to the same units, betters."""
    plain = [at for at in component.columns if _is_plain(model.columns[at])]
    judges = [model.columns[at] for at in plain if model.columns[at].offer not in model.limits]
    worse = {at for at in plain if any(_betters(judge, model.columns[at]) for judge in judges)}
    if not worse:
        return component
    return msgspec.structs.replace(component, columns=tuple([at for at in component.columns if at not in worse]))


def _is_plain(column: Column) -> bool:
    return len(column.parts) == 1 and column.parts[0].rewarded and not column.pairs and not column.capped


def _betters(judge: Column, column: Column) -> bool:
    """Whether sets of `judge` on the units of any application of `column`, dearest first, save more than it does.

    Of the units of an application in that order, the cheapest are rewarded; the same number counted from the end is
    never dearer under `column` than under `judge`, and no cheaper unit gains more.
    """
    ours, theirs = judge.parts[0], column.parts[0]
    times, rest = divmod(theirs.units, ours.units)
    if rest or not times or not theirs.gains.keys() <= ours.gains.keys():
        return False
    rewarded, needed = times * (ours.last or ours.units), theirs.last or theirs.units
    fixed = times * judge.fixed - column.fixed
    if rewarded < needed or fixed < 0 or any(ours.gains[kind] < gain for kind, gain in theirs.gains.items()):
        return False
    return (
        fixed > 0
        or all(ours.gains[kind] > gain for kind, gain in theirs.gains.items())
        or (rewarded > needed and all(ours.gains[kind] > 0 for kind in theirs.gains))
    )
