"""The problem of one pool, and its solution, as records: what the engine asks and what it gets (DISC-25, DISC-27).

Amounts are minor units of the currency, exact: whole numbers, or fractions where a unit has no whole value.
Percents are of a hundred. Nothing here knows articles or rules: lines have numbers, offers have their rule's identity.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import msgspec

Exact = int | Fraction | Decimal
Rounding = Literal["unit", "line", "pool"]
"""Where the saving of a percent is rounded, half up: the price of each unit; the saving of one offer on one line;
the saving of one offer as a whole, then spread over its lines by largest remainder."""
Pick = Literal["all", "cheapest", "dearest"]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Units of one line, all alike: each worth `value`, never sold below `floor`.

    `order` settles ties ("the earlier line"): give what does not depend on scanning, as the article's code, and lines
    of one article stay in the order of `number`.
    """

    number: int
    units: int
    value: Exact
    floor: Exact = 0
    order: str = ""


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a bundle: `units` units of any of the `lines` (numbers)."""

    lines: frozenset[int]
    units: int = 1


class Percent(msgspec.Struct, frozen=True, kw_only=True):
    """`percent` off the units of one application: all of them, the `units` cheapest, or the `units` dearest.

    With `all` only the units of the named `slots` (indexes; None = every slot) and, when given, of the `lines`.
    """

    percent: Exact
    pick: Pick = "all"
    units: int = 1
    slots: frozenset[int] | None = None
    lines: frozenset[int] | None = None


class AmountPerUnit(msgspec.Struct, frozen=True, kw_only=True):
    """`amount` off every unit of the named slots (None = every slot), as far as the unit has room above its floor."""

    amount: Exact
    slots: frozenset[int] | None = None


class Amount(msgspec.Struct, frozen=True, kw_only=True):
    """`amount` off one application together, as far as its units have room."""

    amount: Exact


class SetPrice(msgspec.Struct, frozen=True, kw_only=True):
    """One application costs `price` together; nothing happens where that is more than its units cost."""

    price: Exact


Reward = Percent | AmountPerUnit | Amount | SetPrice


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """An offer that takes a stated number of units from each slot; a slot of one unit alone is a plain discount.

    `times`: at most so many applications (None = as often as units allow). `paid_slots_dearest`: slots that the reward
    leaves out get the dearer units of an application where a unit could stand on either side (*buy two, get one*).
    """

    rule: str
    slots: tuple[Slot, ...]
    reward: Reward
    times: int | None = None
    paid_slots_dearest: bool = False


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """An offer, applied once, that takes any units of its lines once they are many or dear enough.

    `least_value` is measured on the lines' values. A `SetPrice` has no meaning here and is refused.
    """

    rule: str
    lines: frozenset[int]
    reward: Percent | AmountPerUnit | Amount
    least_units: int = 1
    least_value: Exact = 0


Offer = Bundle | Threshold


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One pool. The order of `offers` is their rank: ties go to the earlier one. A unit goes to one offer at most."""

    lines: tuple[Line, ...]
    offers: tuple[Offer, ...]
    rounding: Rounding = "line"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much work is done before something simpler is tried; counted, never timed, so that all nodes agree."""

    steps: int = 20_000
    """Steps of the walk (one state, one unit, one use) per component."""
    nodes: int = 2_000
    """Nodes of the integer programs of one component together."""
    programs: int = 6
    """Integer programs of one component: after those that prove the saving, ties are settled as far as they go."""
    offers: int = 6
    """Overlapping offers of several units beyond which the walk is not tried."""
    compositions: int = 500
    """Ways to fill one bundle, where they must be listed one by one."""
    cells: int = 20_000_000
    """States × units × offers of the table of one component; a cell is a thousand times quicker than a step."""
    tables: int = 12
    """Smaller tables that make a greedy answer better."""
    variables: int = 60
    """Units of a kind in a part of a bundle that one integer program may count; its time grows fast with them."""


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What one application takes from a line: its units, how many of them are rewarded, and the exact saving."""

    line: int
    units: int
    rewarded: int
    saving: Fraction


class Application(msgspec.Struct, frozen=True, kw_only=True):
    """`times` equal applications of an offer; the shares are those of one."""

    rule: str
    times: int
    shares: tuple[Share, ...]


class Saving(msgspec.Struct, frozen=True, kw_only=True):
    """What an offer saves on a line in whole minor units, over all its applications, and the units it takes there."""

    rule: str
    line: int
    units: int
    rewarded: int
    amount: int


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted: components, steps of the walk, cells of tables, integer programs and their nodes."""

    components: int = 0
    steps: int = 0
    cells: int = 0
    programs: int = 0
    nodes: int = 0
    cut_off: int = 0
    """Components that ended with the greedy answer."""


class Solution(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. `exact` is what is proven best; `total` is it after the one rounding per saving.

    `bound`: no assignment saves more (exact; equal to `exact` when `proven`). `times`: applications by rule;
    `applications` tells them one by one, where that was asked for.
    """

    applications: tuple[Application, ...]
    times: Mapping[str, int]
    savings: tuple[Saving, ...]
    total: int
    exact: Fraction
    bound: Fraction
    proven: bool
    work: Work
