"""`kontuar …` and `python -m kontuar`."""

import sys
from typing import Final

NODES: Final = frozenset({"hub", "agent", "station"})


def main() -> None:
    """A node is started without the tools: they would bring all three nodes, a third of a till's start (PERF-03)."""
    if NODES.isdisjoint(sys.argv[1:2]):
        from kontuar.tools.cli import main as begin
    else:
        from kontuar.nodes.__main__ import main as begin
    begin()


if __name__ == "__main__":
    main()
