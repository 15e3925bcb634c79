"""Network and files in any mix, order and repetition lead to what the network alone leads to (REL-15)."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exchange_world import HeadOffice, LoneTill, StoreAgent, done
from kontuar.operations.agent.relay import RelayGiver
from kontuar.operations.feed import DefinitionsFeed
from kontuar.operations.ports.sync import HubReach
from kontuar.sync import downlink as down
from kontuar.sync import uplink as up
from kontuar.sync.bell import Bell
from kontuar.sync.server import SyncSite, give_down, take_push
from sync_chain import TestClock, sold

SEEDS = 8
STEPS = 60


async def at_once(operation: Callable[..., Any], *arguments: Any) -> Any:
    return operation(*arguments)


class Chain:
    """A till, its agent and head office; every way between them is walked by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = TestClock()
        self.office = HeadOffice(folder / "hub")
        self.till = LoneTill(folder / "till", self.clock)
        self.agent = StoreAgent(folder / "agent", self.clock)
        self.agent_site = self._site()
        for keys in (self.till.keys, self.agent.keys):
            self.office.enrol(keys)
        self.agent_uplink = up.Uplink(
            self.agent.books.outbox, self.agent.sender, self.agent.keys.signed, self.agent.keys.keys, self.clock,
            up.AGENT_LIMITS,
        )  # fmt: skip
        self.links = {"till": self._link(self.till), "agent": self._link(self.agent)}
        self.up_files: list[bytes] = []
        self.down_files: dict[str, list[bytes]] = {"T1": [], "agent@S1": []}
        self.confirmed = 0

    def _site(self) -> SyncSite:
        agent = self.agent
        feed = DefinitionsFeed(agent.books.definitions, agent.books.snapshots)
        return SyncSite(
            sender=agent.sender, certificate=agent.keys.signed, keys=agent.keys.keys, receiver=agent.receiver,
            giver=RelayGiver(feed, agent.books.feeds, agent.parking, lambda: HubReach(True)),
            answerer=None, enroller=None, runner=at_once, giver_runner=at_once,  # type: ignore[arg-type]
            clock=self.clock, bell=Bell(), store="S1",
        )  # fmt: skip

    def _link(self, node: LoneTill | StoreAgent) -> down.Downlink:
        sink = node.sink if isinstance(node, LoneTill) else node.books.sink
        return down.Downlink(
            sink, "S1", node.keys.sender("1"), node.keys.signed, node.keys.keys, self.clock, wait_seconds=0
        )

    # -- what happens -------------------------------------------------------------------------------------
    def sell(self) -> None:
        self.till.sell(sold("MILK", "1"))

    def define(self) -> None:
        number = self.office.hub.version + 1
        code = f"A{number % 7}"
        self.office.hub.define({("article", code): f'{{"code":"{code}","name":"{number}"}}'.encode()})

    def figures(self) -> None:
        self.office.hub.put_stock({"MILK": 1_000_000 + self.office.hub.books.stock.hub_cursor().version})

    def confirm(self) -> None:
        if self.confirmed < len(self.office.hub.payloads(self.till.id)):
            self.confirmed += 1
            self.office.hub.confirm(f"T1-i1-{self.confirmed}", self.till.id, self.confirmed)

    # -- by network ---------------------------------------------------------------------------------------
    def till_pushes(self) -> None:
        _push(self.till.uplink, self.agent_site)

    def agent_pushes(self) -> None:
        _push(self.agent_uplink, self.office.site)

    def agent_asks(self) -> None:
        _ask(self.links["agent"], self.office.site, self.folder)

    def till_asks(self) -> None:
        _ask(self.links["till"], self.agent_site, self.folder)

    # -- by file ------------------------------------------------------------------------------------------
    def till_writes(self) -> None:
        self.up_files.append(self.till.make().content)

    def agent_writes(self) -> None:
        self.up_files.append(self.agent.make().content)

    def office_reads(self, chance: random.Random) -> None:
        if self.up_files:
            self.office.take(chance.choice(self.up_files))

    def office_writes(self, chance: random.Random) -> None:
        node = chance.choice(sorted(self.down_files))
        self.down_files[node].append(self.office.give(node).content)

    def till_reads(self, chance: random.Random) -> None:
        if self.down_files["T1"]:
            self.till.take(chance.choice(self.down_files["T1"]))

    def agent_reads(self, chance: random.Random) -> None:
        if self.down_files["agent@S1"]:
            self.agent.take_file(chance.choice(self.down_files["agent@S1"]))

    # -- the end ------------------------------------------------------------------------------------------
    def quiet(self) -> None:
        """By network alone, until everybody has everything."""
        for _ in range(6):
            self.clock.seconds += 10
            self.till.uplink.step(up.Reached())
            self.agent_uplink.step(up.Reached())
            for _ in range(4):
                self.till_pushes()
                self.agent_pushes()
            self.confirm()
            while self.confirmed < len(self.office.hub.payloads(self.till.id)):
                self.confirm()
            self.agent_asks()
            self.till_asks()

    def outcome(self) -> dict[str, Any]:
        """What must not depend on the way."""
        return {
            "documents at head office": [seq for seq, _ in self.office.hub.payloads(self.till.id)],
            "final at the till": self.till.final(),
            "final at the agent": self.agent.hub_seq(),
            "definitions": [_definitions(node.database) for node in (self.till, self.agent.books)],
            "cursors": [self.till.definitions.cursor(), self.agent.books.definitions.cursor()],
            "confirmations": [
                node.database.rows("SELECT doc_id, state, gid FROM confirmation ORDER BY doc_id")
                for node in (self.till, self.agent.books)
            ],
            "stock": sorted(self.till.stock.balances(["MILK"]).items()),
            "totals": sorted(self.agent.totals()),
            "problems": [self.till.outbox.problem(), self.agent.books.outbox.problem()],
        }


def _push(uplink: up.Uplink, site: SyncSite) -> None:
    effect = uplink.step(up.Woken())
    if isinstance(effect, up.Push):
        uplink.step(up.Replied(done(take_push(site, effect.body))))


def _ask(link: down.Downlink, site: SyncSite, folder: Path) -> None:
    ask = link.step(down.Start())
    for _ in range(4):
        assert isinstance(ask, down.Ask), link.problem
        effect = link.step(down.Answered(done(give_down(site, ask.body))))
        if isinstance(effect, down.Fetch):
            path = folder / "snapshot.part"
            shutil.copy(site.giver.snapshot_by_id(effect.snapshot.id).path, path)
            effect = link.step(down.Fetched(path))
        assert not link.problem
        assert isinstance(effect, down.Ask)
        ask = effect


def _definitions(database: Any) -> list[tuple[str, str, bytes]]:
    return [
        (kind, key, bytes(body))
        for kind, key, body in database.rows("SELECT kind, key, body FROM definition ORDER BY kind, key")
    ]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_any_mix_of_network_and_files_ends_like_the_network_alone(tmp_path: Path, seed: int) -> None:
    """REL-15, REL-02, REL-08, REL-10: late, repeated, reordered and lost files among requests."""
    chance = random.Random(seed)
    mixed, alone = Chain(tmp_path / "mixed"), Chain(tmp_path / "alone")
    facts = [Chain.sell, Chain.define, Chain.figures]
    ways = [Chain.till_pushes, Chain.agent_pushes, Chain.agent_asks, Chain.till_asks, Chain.confirm,
            Chain.till_writes, Chain.agent_writes]  # fmt: skip
    files = [Chain.office_reads, Chain.office_writes, Chain.till_reads, Chain.agent_reads]
    for chain in (mixed, alone):
        chain.define()
    for _ in range(STEPS):
        lot = chance.random()
        if lot < 0.3:
            fact = chance.choice(facts)
            fact(mixed)
            fact(alone)
        elif lot < 0.65:
            chance.choice(ways)(mixed)
        else:
            chance.choice(files)(mixed, chance)
    for chain in (mixed, alone):
        chain.quiet()
    try:
        assert mixed.outcome() == alone.outcome()
        assert mixed.outcome()["problems"] == ["", ""]
        assert mixed.office.hub.payloads(mixed.till.id) == mixed.till.payloads()
    finally:
        mixed.office.close()
        alone.office.close()
