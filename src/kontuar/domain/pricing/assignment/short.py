"""The walk for small components of plain bundles: one part each, no limits. Same criteria, fewer words.

States are whole numbers (how far the open application of every column has come, in mixed radix), and the weights are
packed at once: a component of a shop is a handful of units, and making its criteria would take longer than the walk.
"""

from kontuar.domain.pricing.assignment.model import Answer, Column, Component, Model

MOST_WORK = 600
"""Units × states × columns up to which this walk is the quicker one; far below any bound on steps."""
Trace = tuple["Trace", int, int] | None
"""The uses on the way to a state, the last one first: (the way before, column, kind)."""
Reached = dict[int, tuple[int, Trace]]


def short_answer(model: Model, component: Component, most_steps: int) -> Answer | None:
    """The best answer of such a component, the same that the long walk finds; None when it is none."""
    if component.gates:
        return None
    columns = [model.columns[at] for at in component.columns]
    states = 1
    for column in columns:
        if len(column.parts) != 1 or column.capped or column.offer in model.limits:
            return None
        states *= column.parts[0].units
    units = sum([model.kinds[kind].units for kind in component.kinds])
    if units * states * len(columns) > min(MOST_WORK, most_steps):
        return None
    weights, closing = _weights(model, component, columns, units)
    taken: dict[tuple[int, int, int], int] = {}
    trace = _walked(model, component, columns, weights, closing)
    while trace is not None:
        trace, at, kind = trace
        key = component.columns[at], 0, kind
        taken[key] = taken.get(key, 0) + 1
    return Answer(taken, {})


def _weights(
    model: Model, component: Component, columns: list[Column], units: int
) -> tuple[list[dict[int, int]], list[int]]:
    """By column: what a unit of each kind weighs besides its reward, and what a complete application does."""
    uses = sorted([(kind, column.offer, at) for at, column in enumerate(columns) for kind in column.parts[0].gains])
    width = (4 * units + 4).bit_length()
    field = {(at, kind): place * width for place, (kind, _, at) in enumerate(reversed(uses))}
    alone = {kind: model.singles[kind] for kind in component.kinds if kind in model.singles}
    ranks = {column.offer for column in columns} | {single.offer for single in alone.values()}
    shift = len(uses) * width
    offer_field: dict[int, int] = {}
    for rank in sorted(ranks, reverse=True):
        offer_field[rank] = 1 << shift
        shift += width
    application, saved = 1 << shift, shift + width
    lost = {kind: (-single.gain << saved) + application - offer_field[single.offer] for kind, single in alone.items()}
    weights = [
        {kind: (1 << field[at, kind]) + lost.get(kind, 0) for kind in column.parts[0].gains}
        for at, column in enumerate(columns)
    ]
    closing = [(column.fixed << saved) - application + offer_field[column.offer] for column in columns]
    for at, column in enumerate(columns):
        part = column.parts[0]
        if part.last is None:
            for kind, gain in part.gains.items():
                weights[at][kind] += gain << saved
    return weights, [*closing, saved]


def _walked(
    model: Model, component: Component, columns: list[Column], weights: list[dict[int, int]], closing: list[int]
) -> Trace:
    """The best way on which every application is complete."""
    moves: list[tuple[int, int, int, int]] = []
    radix = 1
    for at, column in enumerate(columns):
        size = column.parts[0].units
        moves.append((at, radix, size, size if column.parts[0].last is None else size - column.parts[0].last))
        radix *= size
    saved = closing[-1]
    reached: Reached = {0: (0, None)}
    for kind in component.kinds:
        using = [
            (at, step, size, paid, weights[at][kind], columns[at].parts[0].gains[kind] << saved)
            for at, step, size, paid in moves if kind in weights[at]
        ]  # fmt: skip
        for _ in range(model.kinds[kind].units):
            best = dict(reached)
            for at, step, size, paid, weight, reward in using:
                for state, (before, trace) in reached.items():
                    count = state // step % size
                    total = before + weight + (reward if count >= paid else 0)
                    after = state + step
                    if count + 1 == size:
                        after -= step * size
                        total += closing[at]
                    known = best.get(after)
                    if known is None or total > known[0]:
                        best[after] = total, (trace, at, kind)
            reached = best
    return reached[0][1]
