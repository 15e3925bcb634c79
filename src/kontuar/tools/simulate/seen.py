"""What people saw: the measure of the checkers. Kept outside all nodes, so nothing that fails can touch it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from kontuar.tools.simulate.policy import Policy

Sale = tuple[str, str]
"""(document, number); or (shift, empty) for its opening, in what was lost."""


@dataclass(slots=True)
class Lost:
    """Of a sale: which machines were set back behind it, and who they knew to have it."""

    by: set[str] = field(default_factory=set)
    known_at: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Issued:
    """A document whose approval was answered at a till: the customer has his receipt."""

    doc_id: str
    station: str
    store: str
    number: str
    gross: int
    at: float
    copied: bool = False
    """It came out when it was said that somebody else holds it (REL-21)."""


@dataclass(slots=True)
class Seen:
    """By seed: what was tried, what was answered, what was lost with a destroyed disk."""

    attempted: dict[str, str] = field(default_factory=dict)
    """Draft → station: whatever could have become a document."""
    issued: dict[Sale, Issued] = field(default_factory=dict)
    """Whose receipt each is: a till that was set back may sell an old draft again."""
    cancelled: dict[str, None] = field(default_factory=dict)
    continued: dict[str, str] = field(default_factory=dict)
    """Parked document → the till that continued it last."""
    put_by: dict[str, str] = field(default_factory=dict)
    """Document that somebody has put by → agent of the store in which he works at it: nobody else touches it."""
    given: dict[str, str] = field(default_factory=dict)
    """Parked document → the till that its agent gave it to last. A copy opened while cut off counts not."""
    given_unknown: set[tuple[str, str]] = field(default_factory=set)
    """(station, document): it was given to another till, and the set-back of this one came later. Where it does not
    know any more that it was parked, it is a draft like any other, and may be sold again."""
    deleted: dict[str, str] = field(default_factory=dict)
    """Parked document that somebody threw away while the agent was in reach → store."""
    lost_disks: dict[str, float] = field(default_factory=dict)
    """Station → when its disk was destroyed: what it alone held may be missing, and nothing else."""
    lost: dict[Sale, Lost] = field(default_factory=dict)
    """What set-backs took from machines; others may hold it."""
    destroyed: dict[Sale, None] = field(default_factory=dict)
    """Sales that nobody holds since their till, and whoever was known to hold them, were set back or thrown away."""
    restored: dict[str, None] = field(default_factory=dict)
    """Stations whose database was set up again from a backup while they lived on."""
    replaced: dict[str, None] = field(default_factory=dict)
    """Stations that got another machine."""
    copied: dict[str, None] = field(default_factory=dict)
    """Stations whose disk ran in two machines."""
    carried: dict[str, None] = field(default_factory=dict)
    """Nodes whose messages went to head office in files."""
    over: dict[tuple[str, str], str] = field(default_factory=dict)
    """(disk, life) → what the till said when it would issue no more."""
    upgraded: Counter[str] = field(default_factory=Counter)
    altered: Counter[str] = field(default_factory=Counter)
    """Machine → messages whose bytes were changed under it."""
    policy: Policy = field(default_factory=Policy)
    brought_back: dict[str, None] = field(default_factory=dict)
    """Stations whose database was fetched back from their agent."""
    traps: dict[str, Callable[[], None]] = field(default_factory=dict)
    """Station → what happens to it the moment its next receipt comes out."""
    hub_restores: int = 0
    agent_restores: dict[str, None] = field(default_factory=dict)
    operations: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    """Answers that no program of ours should give, at once a violation."""
    troubles: Counter[str] = field(default_factory=Counter)

    def set_back(self, station: str, disk: str) -> None:
        """It knows nothing of what it said since."""
        self.restored[station] = None
        self.given_unknown |= {(station, doc_id) for doc_id, holder in self.given.items() if holder != station}
        for known in [known for known in self.over if known[0] == disk]:
            del self.over[known]

    def was_given(self, doc_id: str, station: str) -> None:
        """The agent gave a parked document to a till: that knows of it from now on."""
        self.given[doc_id] = station
        self.given_unknown.discard((station, doc_id))

    def given_elsewhere(self, doc_id: str, station: str, *, known_parked: bool) -> str:
        """The other till that the agent gave a document to last, which this one has to heed; empty = none.
        `known_parked`: whether its database says that the document was ever parked."""
        holder = self.given.get(doc_id, "")
        forgot = not known_parked and (station, doc_id) in self.given_unknown
        return "" if holder == station or forgot else holder

    def has_two_pasts(self, station: str) -> bool:
        """Whether two disks know different stories of one till: what both sold, a person has to look at."""
        return station in self.restored or station in self.replaced or station in self.copied
