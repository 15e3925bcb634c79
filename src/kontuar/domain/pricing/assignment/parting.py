"""Leaves out what cannot help and parts the rest into components that share no units (DISC-25).

The best a unit gets alone is what it costs to put it into a bundle; a bundle that cannot beat that is not looked at.
"""

from kontuar.domain.pricing.assignment.model import Column, Component, Gate, Model


def components(model: Model) -> tuple[Component, ...]:
    """The components with columns or gates worth looking at, by their earliest kind."""
    columns = _undominated(model, [at for at, column in enumerate(model.columns) if can_help(model, column)])
    gates = [at for at, gate in enumerate(model.gates) if _gate_can_help(model, gate)]
    home: dict[int, int] = {}

    def root(kind: int) -> int:
        while home.setdefault(kind, kind) != kind:
            home[kind] = kind = home[home[kind]]
        return kind

    heads: dict[tuple[str, int], int] = {}
    offers: dict[int, int] = {}
    members = [("column", at, model.columns[at].offer, tuple(model.columns[at].kinds())) for at in columns]
    members += [("gate", at, model.gates[at].offer, tuple(model.gates[at].kinds())) for at in gates]
    for name, at, offer, kinds in members:
        first = offers.setdefault(offer, kinds[0]) if offer in model.limits else kinds[0]
        for kind in kinds:
            home[root(kind)] = root(first)
        heads[name, at] = kinds[0]
    grouped: dict[int, tuple[list[int], list[int]]] = {}
    for (name, at), kind in heads.items():
        grouped.setdefault(root(kind), ([], []))[name == "gate"].append(at)
    by_root: dict[int, list[int]] = {}
    for kind in model.walk:
        if kind in home:
            by_root.setdefault(root(kind), []).append(kind)
    found = [Component(tuple(by_root[head]), tuple(cols), tuple(gts)) for head, (cols, gts) in grouped.items()]
    return tuple(sorted(found, key=lambda part: min(part.kinds)))


def _undominated(model: Model, columns: list[int]) -> list[int]:
    """Without columns that another one of the same shape betters, or equals and is earlier, on every unit."""
    alike: dict[tuple[object, ...], list[int]] = {}
    for at in columns:
        parts = model.columns[at].parts
        alike.setdefault((len(parts), parts[0].units, len(parts[0].gains), min(parts[0].gains)), []).append(at)
    dropped: set[int] = set()
    for group in alike.values():
        if len(group) > 1:
            dropped |= _bettered(model, group)
    return [at for at in columns if at not in dropped] if dropped else columns


def _bettered(model: Model, columns: list[int]) -> set[int]:
    alike: dict[tuple[object, ...], list[int]] = {}
    for at in columns:
        column = model.columns[at]
        shape = tuple((part.units, part.last, part.rewarded, frozenset(part.gains)) for part in column.parts)
        alike.setdefault((shape, column.pairs, column.spread, column.capped), []).append(at)
    dropped: set[int] = set()
    for group in alike.values():
        best: list[int] = []
        for at in sorted(group, key=lambda at: (-_worth(model.columns[at]), at)):
            if any(_betters(model.columns[other], model.columns[at]) for other in best):
                dropped.add(at)
            elif model.columns[at].offer not in model.limits:
                best.append(at)
    return dropped


def _worth(column: Column) -> int:
    return column.fixed + sum(sum(part.gains.values()) for part in column.parts)


def _betters(column: Column, other: Column) -> bool:
    return column.fixed >= other.fixed and all(
        part.gains[kind] >= gain
        for part, lesser in zip(column.parts, other.parts, strict=True)
        for kind, gain in lesser.gains.items()
    )


def can_help(model: Model, column: Column) -> bool:
    """Whether an application can save more than its units would alone; as much, when it is fewer applications."""
    singles, kinds = model.singles, model.kinds
    most, anything = column.fixed, False
    for part in column.parts:
        given = part.units if part.last is None else part.last
        more, alone = [], []
        for kind, gain in part.gains.items():
            single, units = singles.get(kind), kinds[kind].units
            if single is None:
                more.append((gain, units))
                alone.append((0, units))
            else:
                anything = True
                more.append((gain - single.gain, units))
                alone.append((-single.gain, units))
        most += _best(more, given)
        if given < part.units:
            most += _best(alone, part.units - given)
    return most > 0 or (most == 0 and anything)


def _best(amounts: list[tuple[int, int]], wanted: int) -> int:
    """The sum of the best `wanted` of (amount, how many)."""
    if len(amounts) == 1:
        return amounts[0][0] * min(amounts[0][1], wanted)
    amounts.sort(reverse=True)
    found = 0
    for amount, count in amounts:
        used = min(count, wanted)
        found += amount * used
        wanted -= used
        if not wanted:
            break
    return found


def _gate_can_help(model: Model, gate: Gate) -> bool:
    if any(sum(of[kind] * model.kinds[kind].units for kind in of) < least for of, least in gate.measures):
        return False
    most, anything = gate.fixed, False
    for kind, gain in gate.gains.items():
        alone = model.singles[kind].gain if kind in model.singles else 0
        most += max(0, gain - alone) * model.kinds[kind].units
        anything = anything or alone > 0
    return most > 0 or (most == 0 and anything)
