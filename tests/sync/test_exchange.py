"""Files instead of a network: documents up, definitions, confirmations and figures down (REL-15)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange_world import HeadOffice, LoneTill, StoreAgent, done, everything, kinds_in
from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import Refused
from kontuar.sync import downlink as down
from kontuar.sync import uplink as up
from kontuar.sync.server import give_down
from sync_chain import TestClock, sold

MILK = {("article", "MILK"): b'{"code":"MILK"}'}
BREAD = {("article", "BREAD"): b'{"code":"BREAD"}'}


def rows(till: LoneTill) -> list[tuple[str, str]]:
    return [(kind, key) for kind, key in till.database.rows("SELECT kind, key FROM definition ORDER BY kind, key")]


def test_a_till_without_a_network_does_a_whole_cycle_by_file(office: HeadOffice, till: LoneTill) -> None:
    """REL-15, REL-02, REL-10: documents up, bytes unchanged; definitions, confirmations and stock down."""
    office.hub.define(MILK)
    office.hub.put_stock({"MILK": 100_000})
    for _ in range(3):
        till.sell(sold("MILK", "1"))
    up_file = till.make()
    assert (up_file.messages, up_file.left) == (3, 0)
    report = office.take(up_file)
    assert (report.sender, report.messages, report.taken, report.parked) == ("T1", 3, 3, 0)
    assert office.hub.payloads(till.id) == till.payloads()
    office.hub.confirm("T1-i1-1", till.id, 1)

    down_report = till.take(office.give("T1"))
    assert (down_report.final, down_report.definitions, down_report.confirmations, down_report.stock) == (
        3, True, True, True,
    )  # fmt: skip
    assert (till.final(), till.held()) == (3, 3)
    assert rows(till) == [("article", "MILK")]
    assert till.database.rows("SELECT doc_id, state, gid FROM confirmation") == [("T1-i1-1", "booked", "G1")]


def test_the_next_files_hold_only_what_is_new(office: HeadOffice, till: LoneTill) -> None:
    """REL-15: the question in a file tells where the till stands."""
    office.hub.define(MILK)
    till.sell(sold("MILK", "1"))
    office.take(till.make())
    first = office.give("T1")
    assert "snapshot" in kinds_in(till.keys, first)
    till.take(first)

    till.sell(sold("MILK", "1"))
    office.hub.define(BREAD)
    again = till.make()
    assert again.messages == 1
    office.take(again)
    second = office.give("T1")
    assert kinds_in(till.keys, second) == ["down", "ack", "answer"]
    till.take(second)
    assert rows(till) == [("article", "BREAD"), ("article", "MILK")]
    assert till.final() == 2


def test_a_file_that_comes_again_changes_nothing(office: HeadOffice, till: LoneTill) -> None:
    """REL-15, REL-08."""
    office.hub.define(MILK)
    till.sell(sold("MILK", "1"))
    up_file = till.make()
    office.take(up_file)
    down_file = office.give("T1")
    till.take(down_file)
    at_hub, at_till = everything(office.hub.books.database), everything(till.database)
    assert office.take(up_file).taken == 0
    report = till.take(down_file)
    assert (report.final, report.definitions, report.confirmations, report.stock) == (0, False, False, False)
    assert (everything(office.hub.books.database), everything(till.database)) == (at_hub, at_till)


def test_older_files_that_come_late_change_nothing(office: HeadOffice, till: LoneTill) -> None:
    """REL-15: neither prices, confirmations nor figures go back."""
    office.hub.define(MILK)
    till.sell(sold("MILK", "1"))
    early_up = till.make()
    office.take(early_up)
    office.hub.confirm("T1-i1-1", till.id, 1)
    early_down = office.give("T1")
    till.take(early_down)
    till.sell(sold("MILK", "1"))
    office.hub.define(BREAD)
    office.hub.put_stock({"MILK": 70_000})
    office.hub.confirm("T1-i1-2", till.id, 2)
    office.take(till.make())
    till.take(office.give("T1"))
    at_hub, at_till = everything(office.hub.books.database), everything(till.database)
    office.take(early_up)
    till.take(early_down)
    assert (everything(office.hub.books.database), everything(till.database)) == (at_hub, at_till)


def test_files_that_overtake_each_other_lead_to_the_same(office: HeadOffice, till: LoneTill) -> None:
    """REL-15: the younger of two files of the same answered question comes first."""
    office.hub.define(MILK)
    till.sell(sold("MILK", "1"))
    first = till.make()
    till.sell(sold("MILK", "1"))
    second = till.make()
    assert (office.take(second).taken, office.take(first).taken) == (2, 0)
    early = office.give("T1")
    office.hub.define(BREAD)
    late = office.give("T1")
    till.take(late)
    found = everything(till.database)
    till.take(early)
    assert everything(till.database) == found
    assert rows(till) == [("article", "BREAD"), ("article", "MILK")]


def test_a_delta_that_leaves_a_gap_is_not_put_upon_what_is_held(
    office: HeadOffice, till: LoneTill, tmp_path: Path
) -> None:
    """REL-10, REL-15: a till that was restored to less than an answer builds on asks anew, and gets the rest."""
    office.hub.define(MILK)
    office.take(till.make())
    till.take(office.give("T1"))
    till.database.checkpoint()
    backup = (tmp_path / "till" / "station.db").read_bytes()
    office.hub.define(BREAD)
    office.take(till.make())
    till.take(office.give("T1"))
    office.hub.define({("article", "SALT"): b"{}"})
    office.take(till.make())
    builds_on_bread = office.give("T1")
    (tmp_path / "restored").mkdir()
    (tmp_path / "restored" / "station.db").write_bytes(backup)
    restored = LoneTill(tmp_path / "restored", TestClock())
    assert not restored.take(builds_on_bread).definitions
    assert rows(restored) == [("article", "MILK")]
    office.files._office.questions._file(office.known["T1"]).unlink()
    office.take(restored.make())
    restored.take(office.give("T1"))
    assert rows(restored) == [("article", "BREAD"), ("article", "MILK"), ("article", "SALT")]


def test_a_file_for_a_till_that_never_sent_one_holds_all_there_is(office: HeadOffice, till: LoneTill) -> None:
    """REL-15: a new machine may be given prices before its first file."""
    office.hub.define(MILK)
    given = office.give("T1")
    assert kinds_in(till.keys, given) == ["answer", "snapshot"]
    assert till.take(given).definitions
    assert rows(till) == [("article", "MILK")]


def test_many_confirmations_come_in_one_file(office: HeadOffice, till: LoneTill) -> None:
    """REL-15: a file cannot ask for the next page."""
    for number in range(1, 1201):
        office.hub.confirm(f"D{number}", till.id, number)
    till.take(office.give("T1"))
    assert till.database.value("SELECT count(*) FROM confirmation") == 1200


def test_an_agent_carries_the_documents_of_its_tills(office: HeadOffice, till: LoneTill, tmp_path: Path) -> None:
    """REL-15: tills reach their agent by network, the agent head office by file."""
    agent = StoreAgent(tmp_path / "agent", till.clock)
    office.enrol(agent.keys)
    office.hub.define(MILK)
    till.sell(sold("MILK", "2"))
    pushed = till.uplink.step(up.Woken())
    assert isinstance(pushed, up.Push)
    till.uplink.step(up.Replied(agent.answer(pushed.body)))
    assert (till.held(), till.final()) == (1, 0)
    office.take(agent.make())
    assert office.hub.payloads(till.id) == till.payloads()
    report = agent.take_file(office.give("agent@S1"))
    assert (report.final, report.definitions, agent.hub_seq()) == (1, True, 1)


def test_a_file_past_the_agent_does_not_confuse_the_agent(office: HeadOffice, till: LoneTill, tmp_path: Path) -> None:
    """REL-15: what the agent holds and what head office holds are two things; nothing is claimed of the wrong one."""
    agent = StoreAgent(tmp_path / "agent", till.clock)
    till.sell(sold("MILK", "1"))
    till.sell(sold("MILK", "1"))
    pushed = till.uplink.step(up.Woken())
    assert isinstance(pushed, up.Push)
    till.uplink.step(up.Replied(agent.answer(pushed.body)))
    up_file = till.make()
    assert up_file.messages == 2
    assert office.take(up_file).taken == 2
    till.take(office.give("T1"))
    assert (till.held(), till.final()) == (2, 2)
    till.sell(sold("MILK", "1"))
    pushed = till.uplink.step(up.Woken())
    assert isinstance(pushed, up.Push)
    till.uplink.step(up.Replied(agent.answer(pushed.body)))
    assert (till.held(), till.final(), till.uplink.problem) == (3, 2, "")


def test_a_fork_is_told_by_file_too(office: HeadOffice, till: LoneTill, tmp_path: Path) -> None:
    """REL-13: a till restored from a backup that went on elsewhere stops when the file of head office says so."""
    till.sell(note="one")
    till.sell(note="two")
    office.take(till.make())
    other = LoneTill(tmp_path / "other", TestClock())
    other.sell(note="one again")
    report = office.take(other.make())
    assert report.taken == 0
    other.take(office.give("T1"))
    assert other.outbox.problem() == "stream.forked"
    assert office.hub.books.database.value("SELECT count(*) FROM forked_message") == 1


@pytest.fixture
def restored(tmp_path: Path, till: LoneTill) -> Iterator[HeadOffice]:
    """Head office set up again from a backup made before the till's first file; its folder of questions is the old."""
    found = HeadOffice(tmp_path / "restored")
    (tmp_path / "restored" / "exchange").symlink_to(tmp_path / "hub" / "exchange")
    found.enrol(till.keys)
    yield found
    found.close()


def test_head_office_does_not_repeat_what_it_lost(office: HeadOffice, restored: HeadOffice, till: LoneTill) -> None:
    """REL-04, REL-15: it acknowledged a file, and was then set up again from a backup made before it."""
    till.sell(note="one")
    office.take(till.make())
    till.take(restored.give("T1"))
    assert (till.final(), till.held()) == (0, 0)
    assert restored.take(till.make()).taken == 1
    till.take(restored.give("T1"))
    assert till.final() == 1


def test_what_a_restored_head_office_lost_comes_again_by_file(
    office: HeadOffice, restored: HeadOffice, till: LoneTill
) -> None:
    """REL-02, REL-15: the till knew it as final; the answer to its next file says that it is not."""
    till.sell(note="one")
    till.sell(note="two")
    office.take(till.make())
    till.take(office.give("T1"))
    assert till.final() == 2
    assert restored.take(till.make()).taken == 0
    till.take(restored.give("T1"))
    again = till.make()
    assert again.messages == 2
    assert restored.take(again).taken == 2


def test_a_network_answer_that_a_file_overtook_is_not_applied(office: HeadOffice, till: LoneTill) -> None:
    """REL-15: the answer of a long poll comes after a file brought more than it holds."""
    keys = till.keys
    office.hub.define(MILK)
    office.take(till.make())
    till.take(office.give("T1"))
    link = down.Downlink(till.sink, "S1", keys.sender("1"), keys.signed, keys.keys, till.clock)
    question = link.step(down.Start())
    assert isinstance(question, down.Ask)
    office.hub.define(BREAD)
    slow = done(give_down(office.site, question.body))
    office.hub.define({("article", "SALT"): encode({"code": "SALT"})})
    office.take(till.make())
    till.take(office.give("T1"))
    found = everything(till.database)
    link.step(down.Answered(slow))
    assert everything(till.database) == found
    assert not link.problem


def test_no_file_is_made_for_a_node_that_was_never_enrolled(office: HeadOffice) -> None:
    with pytest.raises(Refused) as refused:
        office.give("T9")
    assert refused.value.problems[0].code == "exchange.node.unknown"
