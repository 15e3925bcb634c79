"""What head office decided for the firm of one seed: what is off by default is on in a share of the stories."""

import random
from typing import Any, Final, NamedTuple

from kontuar.domain.firm.records import Parameter

_WITHOUT_ROT: Final = frozenset(
    {"restore_agent", "restore_hub", "restore_station", "restore_station_unwitnessed", "replace_station",
     "lose_station", "copy_station", "cut_for_good", "upgrade", "stolen_unheard", "hub_set_back_unheard",
     "file_of_another_day"}
)  # fmt: skip


class Policy(NamedTuple):
    """`keep_days`: after which tills and agents let go of what head office has (REL-17); `backup_minutes`: how often a
    till copies itself to its agent (REL-20); `copy_seconds`: how long a print waits for a second copy (REL-21);
    `rots`: bytes change under the programs, and must be found and mended (REL-18); `meets`: what seldom happens at the
    same time does (`encounters`). 0 = off."""

    keep_days: int = 0
    backup_minutes: int = 0
    copy_seconds: int = 0
    rots: bool = False
    meets: bool = False

    def parameters(self) -> list[tuple[str, Any]]:
        """As rows of definitions."""
        told = {
            "books.keep_days": self.keep_days, "books.return_days": 0, "books.backup_days": 1,
            "backup.minutes": self.backup_minutes, "print.second_copy_seconds": self.copy_seconds,
        }  # fmt: skip
        return [("parameter", Parameter(name=name, scope="global", value=str(value))) for name, value in told.items()]

    def weight_of(self, kind: str, weight: float) -> float:
        """Where bytes rot, nothing else takes copies away: then each damage can be mended, and must be."""
        if kind == "alter_message":
            return weight if self.rots else 0.0
        return 0.0 if self.rots and kind in _WITHOUT_ROT else weight


def drawn(seed: int) -> Policy:
    """Of a seed."""
    chance = random.Random(f"policy {seed}")
    rots = chance.random() < 0.15
    keeps, backs_up, waits = chance.random() < 0.45, chance.random() < 0.6, chance.random() < 0.5
    copy_seconds = chance.choice((1, 2, 5)) if waits else 0
    apart = random.Random(f"encounters or none {seed}")
    meets = apart.random() < 0.5
    if meets and not copy_seconds:
        copy_seconds = apart.choice((0, 1, 2, 5))
    return Policy(
        keep_days=1 if keeps and not rots else 0, backup_minutes=1 if backs_up else 0, copy_seconds=copy_seconds,
        rots=rots, meets=meets,
    )  # fmt: skip
