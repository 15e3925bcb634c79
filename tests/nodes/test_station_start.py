"""What a till reads before it sells: nothing that only head office, tools or a first print need (PERF-03, PERF-09)."""

import subprocess
import sys
from typing import Final

import pytest

FOR_OTHERS: Final = ("kontuar.nodes.hub", "kontuar.nodes.agent", "kontuar.tools", "psycopg", "openpyxl", "numpy")
FOR_LATER: Final = ("biip", "typst", "segno", "barcode", "escpos", "stdnum.iban", "pydantic")
APPLICATION: Final = """
import sys
import kontuar.nodes.station
from kontuar.web.station.app import station_routes
from kontuar.web.station_app import build_station_app
assert build_station_app(None, routes=station_routes()).routes
print("\\n".join(sys.modules))
"""


def modules_of(*arguments: str) -> set[str]:
    """Names of the modules, and of the packages they are in, that a new interpreter reads."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=60, check=True)
    return {line.rpartition("|")[2].strip() for line in (*done.stdout.splitlines(), *done.stderr.splitlines())}


def test_a_tills_process_is_read_without_what_it_does_not_need_to_sell() -> None:
    """PERF-03, PERF-09: a third of the start, and tens of megabytes."""
    assert modules_of("-c", APPLICATION).isdisjoint((*FOR_OTHERS, *FOR_LATER))


@pytest.mark.parametrize("node", ["station", "agent", "hub"])
def test_a_nodes_command_leaves_the_tools_alone(node: str) -> None:
    """PERF-03: `kontuar bench` or `kontuar verify` would bring all three nodes."""
    assert "kontuar.tools" not in modules_of("-X", "importtime", "-m", "kontuar", node, "--help")


def test_the_tools_are_there_for_who_asks_for_them() -> None:
    """The same command, by any other word."""
    done = subprocess.run(
        [sys.executable, "-m", "kontuar", "--help"], capture_output=True, text=True, timeout=60, check=True
    )
    for word in ("station", "agent", "hub", "verify", "simulate", "bench", "price", "demo", "exchange"):
        assert f" {word} " in done.stdout
