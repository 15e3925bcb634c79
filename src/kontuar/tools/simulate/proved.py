"""After the end every node proves its own books, and against those above it: `kontuar verify` must agree (HUB-10)."""

from collections.abc import Iterator

from kontuar.tools.simulate.ground import Machines
from kontuar.tools.verify.command import look, told
from kontuar.tools.verify.opening import Unreadable


def unproved(machines: Machines) -> Iterator[str]:
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
        yield from _faults(name, books, against)


def _faults(name: str, books: str, against: list[str]) -> Iterator[str]:
    try:
        report = look(books, against)
    except Unreadable as reason:
        yield f"HUB-10 verify: {name}: {reason}"
        return
    if not report.holds:
        yield from (f"HUB-10 verify: {name}: {line}" for line in told(report))
