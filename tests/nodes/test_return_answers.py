"""What a till believes of what it is told of its earlier lives, and when it asks again (REL-05, REL-13)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from exchange_world import exchange_of
from kontuar.devices.build import DeviceSettings, build_devices
from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.errors import Refused, refuse
from kontuar.nodes.device_desk import StationDevices
from kontuar.nodes.lanes import Lane
from kontuar.nodes.return_desk import ReturnDesk
from kontuar.operations.ports.questions import MESSAGES, AskMessages, HeldMessage, HeldMessages
from kontuar.operations.ports.streams import START, Position, SealedMessage
from kontuar.operations.station import shifts
from kontuar.operations.station.station import Station
from kontuar.web.desk import Desk, SyncStatus
from lives_world import database_of, faults, life, put_away, seal, stream_of, used_twice
from lives_world import told as as_told
from shop import MILK, HandClock, actor_of, sell

EWA = actor_of()


async def _nobody(code: str) -> None:
    raise AssertionError(code)


class Told:
    """Who answers questions: each answer once, then a refusal."""

    def __init__(self, *answers: bytes | Refused) -> None:
        self.answers = list(answers)
        self.asked: list[bytes] = []

    async def ask(self, question: str, body: bytes) -> bytes:
        assert question == MESSAGES
        self.asked.append(body)
        answer = self.answers.pop(0) if self.answers else refuse("connectivity.too_low", needs="online")
        if isinstance(answer, Refused):
            raise answer
        return answer


def _with_answers(folder: Path, *answers: bytes | Refused) -> tuple[bool, Told, list[SealedMessage]]:
    """What one look gives in a second life over a first one of three messages."""
    clock = HandClock()
    first = life(folder, 1, clock)
    shifts.open_shift(first, EWA, "100")
    sell(first, MILK)
    held = stream_of(first)
    put_away(first)
    station = life(folder, 2, clock)
    told = Told(*answers)
    done, left = _looked(station, told)
    assert left == held
    return done, told, left


def _looked(station: Station, told: Told) -> tuple[bool, list[SealedMessage]]:
    """(what one look gives, the first life as this till then has it)."""

    async def look() -> tuple[bool, list[SealedMessage]]:
        lane = Lane("till", database_of(station))
        lane.open()
        devices = StationDevices(station, lane, build_devices(DeviceSettings()))
        desk = Desk(
            station=station, run=lane, devices=devices, check_pin=lambda _, __: False,
            sync_status=lambda: SyncStatus(level="online", since="", waiting=0), questions=told,
            exchange=exchange_of(station, lane), enrol_anew=_nobody,
        )  # fmt: skip
        try:
            return await ReturnDesk(desk, seal).once(), await lane(stream_of, station)
        finally:
            await asyncio.to_thread(lane.close)

    return asyncio.run(look())


def test_an_agent_that_does_not_answer_or_talks_nonsense_is_asked_again_later(tmp_path: Path) -> None:
    """REL-09, REL-13: nothing is believed, nothing is lost, and selling goes on."""
    other = encode(HeldMessages(
        messages=(HeldMessage(seq=1, payload="{}", hash="00" * 32, signature="00" * 64),),
        head=Position(1, "00" * 32), complete=True,
    ))  # fmt: skip
    endless = encode(HeldMessages(messages=(), head=Position(9, "00" * 32), complete=False))
    for number, answer in enumerate((refuse("question.unknown", question=MESSAGES), b"[]", b"", other, endless)):
        folder = tmp_path / str(number)
        folder.mkdir()
        done, told, _ = _with_answers(folder, answer)
        assert not done
        assert len(told.asked) == 1


class Holding(Told):
    """Who holds these messages of the first life, ten at a time."""

    def __init__(self, held: list[SealedMessage]) -> None:
        super().__init__()
        self.held = held

    async def ask(self, question: str, body: bytes) -> bytes:
        after = decode(body, AskMessages).after
        self.asked.append(body)
        page = self.held[after : after + 10]
        head = Position(self.held[-1].seq, self.held[-1].hash.hex())
        return encode(HeldMessages(messages=tuple(as_told(page)), head=head, complete=after + 10 >= head.seq))


@pytest.mark.parametrize("hub_is_shorter", [False, True])
def test_a_hub_that_was_set_up_again_and_went_on_otherwise_is_the_truth(tmp_path: Path, hub_is_shorter: bool) -> None:
    """REL-05, REL-13: what this till believed to be final is not, so it is asked from the beginning."""
    clock = HandClock()
    station, held, own = used_twice(tmp_path, clock)
    common = next(n for n, (one, other) in enumerate(zip(held, own, strict=False)) if one.hash != other.hash)
    if hub_is_shorter:
        held = held[: common + 1]
    certain = own[common + 1]
    database = database_of(station)
    with database.transaction():
        row = ("i1", certain.seq, certain.hash, certain.seq, certain.hash)
        database.write("INSERT INTO uplink VALUES (?, ?, ?, ?, ?, 1)", row)
    holding = Holding(held)
    done, left = _looked(station, holding)
    assert done
    assert [decode(body, AskMessages).after for body in holding.asked[:2]] == [certain.seq, 0]
    assert left == held
    assert faults(tmp_path) == []


def test_what_is_the_same_everywhere_is_asked_for_once(tmp_path: Path) -> None:
    """REL-13: a hub that knows less than this till is no reason to forget anything."""
    nothing = encode(HeldMessages(messages=(), head=START, complete=True))
    done, told, left = _with_answers(tmp_path, nothing)
    assert done
    assert (len(told.asked), len(left)) == (1, 2)
