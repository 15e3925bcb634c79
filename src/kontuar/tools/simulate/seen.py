"""What people saw: the measure of the checkers. Kept outside all nodes, so nothing that fails can touch it."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Issued:
    """A document whose approval was answered at a till: the customer has his receipt."""

    doc_id: str
    station: str
    store: str
    number: str
    gross: int
    at: float


@dataclass(slots=True)
class Seen:
    """By seed: what was tried, what was answered, what was lost with a destroyed disk."""

    attempted: dict[str, str] = field(default_factory=dict)
    """Draft → station: whatever could have become a document."""
    issued: dict[str, Issued] = field(default_factory=dict)
    cancelled: dict[str, None] = field(default_factory=dict)
    lost_disks: dict[str, float] = field(default_factory=dict)
    """Station → when its disk was destroyed: what it alone held may be missing, and nothing else."""
    destroyed: dict[str, None] = field(default_factory=dict)
    """Documents that no other node was known to hold when their till was set up again from a backup."""
    restored: dict[str, None] = field(default_factory=dict)
    """Stations whose database was set up again from a backup while they lived on."""
    operations: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    """Answers that no program of ours should give, at once a violation."""
    troubles: Counter[str] = field(default_factory=Counter)
