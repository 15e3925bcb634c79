"""After the end every node proves its own books, and against those above it: `kontuar verify` must agree (HUB-10)."""

from collections.abc import Iterator
from typing import Final

from kontuar.tools.simulate.ground import Machines
from kontuar.tools.simulate.seen import Seen
from kontuar.tools.verify.command import look, told
from kontuar.tools.verify.opening import Unreadable

FORGOTTEN: Final = "certificate.unknown"
"""What a hub says that was set up again from a backup older than the certificate of a till's life."""


def unproved(machines: Machines, seen: Seen) -> Iterator[str]:
    """What does not hold, with the node's name; all processes are down."""
    hub = machines.hub.url
    proofs = [(name, str(agent.folder), [hub]) for name, agent in machines.agents.items()]
    proofs += [
        (name, str(station.folder), [str(machines.agents[machines.agent_of[name]].folder), hub])
        for name, station in machines.stations.items()
    ]
    proofs += [
        (f"{machine.name} (second)", str(machine.folder), []) for machine in machines.second() if not machine.stands_by
    ]
    for name, books, against in [*proofs, ("hub", hub, [])]:
        yield from _faults(name, books, against, forgets=seen.hub_restores > 0)


def _faults(name: str, books: str, against: list[str], *, forgets: bool) -> Iterator[str]:
    try:
        report = look(books, against)
    except Unreadable as reason:
        yield f"HUB-10 verify: {name}: {reason}"
        return
    proof = report.proof
    found = [fault for stream in proof.streams for fault in stream.faults] + list(proof.faults)
    if not report.holds and not (forgets and found and all(fault.code == FORGOTTEN for fault in found)):
        yield from (f"HUB-10 verify: {name}: {line}" for line in told(report))
