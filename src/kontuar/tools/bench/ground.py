"""What every measurement stands on: a folder, the shop, how much to measure, and where figures go."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from kontuar.tools.bench.figures import Figure, Missing
from kontuar.tools.bench.shop import Shop


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured; written beside the figures.

    `settling_seconds`: a station compiles screens and rules two seconds after its start, which is not what is measured.
    """

    articles: int = 100_000
    runs: int = 3
    warm_receipts: int = 3
    settling_seconds: float = 5.0
    receipts_scanned: int = 20
    lines_scanned: int = 35
    approvals: int = 200
    approvals_sustained: int = 600
    approval_lines: int = 20
    starts: int = 3
    changed_articles: int = 1_000
    offline_documents: int = 10_000
    hub_documents: int = 12_000
    hub_single_documents: int = 600
    hub_lines: int = 5
    screen_scans: int = 100
    grown_documents: int = 100_000
    big_documents: int = 1_000_000
    tills: int = 50
    tills_seconds: int = 30


@dataclass(slots=True)
class Ground:
    """Handed to every piece. `wanted`: requirements to measure, all but the long ones when empty; `plans`: where
    query plans are written."""

    folder: Path
    shop: Shop
    sizes: Sizes
    tell: Callable[[str], None]
    wanted: frozenset[str] = frozenset()
    plans: Path | None = None
    figures: list[Figure] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)

    def wants(self, *requirements: str) -> bool:
        """Whether any of them is to be measured."""
        return not self.wanted or bool(self.wanted.intersection(requirements))

    def asked_by_name(self, *requirements: str) -> bool:
        """Whether any of them was named: what takes many minutes is not part of *everything*."""
        return bool(self.wanted.intersection(requirements))

    def add(self, *figures: Figure) -> None:
        """Keep figures and say them."""
        for figure in figures:
            self.figures.append(figure)
            shown = ", ".join(f"{key} {value:.3g}" for key, value in figure.values.items())
            self.tell(f"{figure.requirement} {figure.name}: {shown} {figure.unit}")

    def lacks(self, requirements: Sequence[str], reason: str) -> None:
        """Say what could not be measured, and why; the run goes on."""
        for requirement in requirements:
            self.missing.append(Missing(requirement=requirement, reason=reason[:2000]))
            self.tell(f"{requirement} not measured: {reason[:300]}")
