"""Cuts and restores lines as the plan says while the tills sell."""

from collections import defaultdict
from collections.abc import Mapping
from contextlib import AsyncExitStack

from kontuar.tools.replay.cutoffs import Plan, is_cut
from kontuar.tools.replay.progress import Watch
from kontuar.tools.replay.proxy import Line


class Switchboard:
    """Holds the lines station–agent (by station) and agent–hub (by store).

    `offline` = baskets sold while their station was cut off; `store_alone` = while its agent was.
    """

    def __init__(
        self, plan: Plan, station_lines: Mapping[str, Line], store_lines: Mapping[str, Line], watch: Watch
    ) -> None:
        self._plan = plan
        self._stations = station_lines
        self._stores = store_lines
        self._watch = watch
        self._begun: dict[str, int] = defaultdict(int)
        self.offline = 0
        self.store_alone = 0

    def begun(self, store: str, baskets: int) -> None:
        """So many baskets of the store were sold by a run before this one."""
        self._begun[store] = baskets

    async def before(self, station: str, store: str, position: int) -> None:
        """Set both lines as planned for the basket that begins."""
        await _set(self._stations[station], is_cut(self._plan.stations[station], position))
        await _set(self._stores[store], is_cut(self._plan.agents[store], self._begun[store]))
        self._begun[store] += 1

    async def after(self, station: str, store: str) -> None:
        """Count the basket that was sold."""
        offline = self._stations[station].is_cut
        self.offline += offline
        self.store_alone += self._stores[store].is_cut
        self._watch.sold(offline=offline)

    async def restore_all(self) -> None:
        """Every line passes again."""
        for line in (*self._stations.values(), *self._stores.values()):
            await line.restore()

    @property
    def cuts(self) -> int:
        """How often any line was cut."""
        return sum(line.cuts for line in (*self._stations.values(), *self._stores.values()))


async def lines_to(ports: Mapping[str, int], stack: AsyncExitStack) -> dict[str, Line]:
    """A started line for each near node, to the port of its far one; `stack` stops them."""
    return {near: await stack.enter_async_context(Line(port)) for near, port in ports.items()}


async def _set(line: Line, cut: bool) -> None:
    if cut:
        await line.cut()
    else:
        await line.restore()
