"""Approvals that reach the agent, copies offered after a loss, and the list that stations take (PARK-08, PARK-15)."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from kontuar.kernel.canonical import encode
from kontuar.operations.agent.parking_chores import ParkingChores
from kontuar.operations.ports.parking import ApprovedDraft, SaveParked
from kontuar.storage.sqlite.agent.parking import AgentParking
from parking_world import Buffer, approved, refusal


@pytest.fixture
def buffer(tmp_path: Path) -> Buffer:
    return Buffer(tmp_path / "agent")


def copy_of(
    buffer: Buffer, text: str, version: int, token: int, doc_id: str = "D", *, claims: bool = False
) -> SaveParked:
    return buffer.asked("K9", text, version, token, doc_id=doc_id, keep=claims)


# -- approvals ----------------------------------------------------------------------------------------------
def test_a_draft_leaves_with_the_message_of_its_approval(buffer: Buffer) -> None:
    """PARK-08."""
    buffer.save("K3", "mixer")
    token = buffer.open("K2").token
    buffer.approving("K2", token)
    buffer.push("K2", approved("D", 1, number="PAR/7", token=token))
    assert buffer.listed() == {}
    for late in (lambda: buffer.open("K1"), lambda: buffer.save("K3", "fan", 1), lambda: buffer.renew("K2", token)):
        assert refusal(late) == ("parking.approved", {"number": "PAR/7", "station": "K2"})


def test_a_document_of_its_own_takes_the_draft_it_was_approved_from_with_it(buffer: Buffer) -> None:
    """Ownership: without a live lease at commit the approval has a new identity."""
    buffer.save("K3", "mixer")
    buffer.push("K3", approved("N", 1, of="D", number="PAR/7", token=0))
    assert buffer.listed() == {}
    assert refusal(buffer.open, "K1") == ("parking.approved", {"number": "PAR/7", "station": "K3"})


@pytest.mark.parametrize("message", [approved("D", 1, number="PAR/7"), approved("N", 1, of="D", number="PAR/7")])
def test_what_was_continued_elsewhere_stays_and_says_what_it_was_approved_as(buffer: Buffer, message: dict) -> None:  # type: ignore[type-arg]
    buffer.save("K3", "mixer")
    token = buffer.open("K2").token
    buffer.approving("K2", token)
    other = buffer.open("K1", take_over=True)
    buffer.save("K1", "fan", 1, other.token)
    buffer.push("K2", message)
    row = buffer.row()
    assert (row.version, row.approved_as, row.approving, buffer.text()) == (2, "PAR/7", "", "fan")
    again = buffer.open("K1")
    assert buffer.save("K1", "kettle", 2, again.token).row.approved_as == "PAR/7"


def test_a_draft_whose_last_save_was_not_answered_leaves_with_its_own_stations_approval(buffer: Buffer) -> None:
    buffer.save("K3", "mixer")
    buffer.push("K3", approved("D", None, number="PAR/7"))
    assert buffer.listed() == {}
    buffer.save("K3", "mixer", doc_id="E")
    token = buffer.open("K2", "E").token
    buffer.save("K2", "fan", 1, token, doc_id="E")
    buffer.push("K2", approved("E", 1, number="PAR/8", token=token))
    assert buffer.listed() == {}


def test_what_the_approving_station_itself_continued_since_stays(buffer: Buffer) -> None:
    """PARK-15: it approved its copy of version 1 while it was cut off, then went on with another till's version 2
    before its message arrived, or before it told an agent that was replaced."""
    buffer.save("K1", "mixer")
    buffer.save("K2", "fan", 1)
    buffer.save("K1", "kettle", 2)
    buffer.push("K1", approved("N", 1, of="D", number="PAR/7", token=0))
    assert (buffer.text(), buffer.row().approved_as) == ("kettle", "PAR/7")
    told = ApprovedDraft(doc_id="D", version=1, approved_id="N", number="PAR/7")
    buffer.offer("K1", approved=[told])
    buffer.offer("K1", approved=[told])
    assert buffer.text() == "kettle"


def test_an_approval_that_names_no_parking_leaves_anothers_draft_but_marks_it(buffer: Buffer) -> None:
    buffer.save("K3", "mixer")
    buffer.push("K2", approved("D", None, number="PAR/7"))
    assert buffer.row().approved_as == "PAR/7"


def test_work_under_a_lease_is_told_that_the_document_was_sold(buffer: Buffer) -> None:
    buffer.save("K3", "mixer")
    token = buffer.open("K2").token
    buffer.push("K3", approved("N", 1, of="D", number="PAR/7", token=0))
    assert refusal(buffer.save, "K2", "fan", 1, token) == ("parking.approved", {"number": "PAR/7", "station": "K3"})


def test_an_approval_is_remembered_where_the_draft_never_was(buffer: Buffer) -> None:
    """Its copy at another station comes later, to an agent that was replaced."""
    buffer.push("K2", approved("D", 3, number="PAR/7"))
    assert buffer.fates("K1", copy_of(buffer, "fan", 3, 5)) == ["gone"]
    assert buffer.listed() == {}
    assert buffer.books.parking.gone("unparked") is None


def test_a_sale_that_never_was_parked_is_not_parked_after_it_either(buffer: Buffer) -> None:
    """REL-02: a till that was set up again from a backup parks its old draft, and another one would sell it again."""
    buffer.push("K1", approved("R", None, number="PAR/8"))
    assert refusal(buffer.save, "K1", "fan", doc_id="R") == ("parking.approved", {"number": "PAR/8", "station": "K1"})
    assert refusal(buffer.open, "K2", "R") == ("parking.approved", {"number": "PAR/8", "station": "K1"})
    assert buffer.listed() == {}
    assert buffer.fates("K9", copy_of(buffer, "fan", 3, 5, "R")) == ["taken"]
    assert buffer.row("R").approved_as == "PAR/8"


def test_ordinary_receipts_leave_no_trace_in_the_parking(buffer: Buffer) -> None:
    buffer.push("K2", approved("R", None))
    assert buffer.books.database.value("SELECT count(*) FROM parked_gone") == 0


def test_a_message_in_the_wrong_place_takes_no_draft_away(buffer: Buffer) -> None:
    """It is parked with its reason; whether it was an approval is for head office to find out."""
    buffer.save("K3", "mixer")
    body = {
        **approved("D", 1),
        "stock_moves": [
            {"line": 1, "effect": "sale", "article": "A", "from_place": "W1", "to_place": "x", "quantity": "1e30"}
        ],
    }
    answer = buffer.push("K2", body)
    assert answer.parked == (("D", "document.figures_out_of_range"),)
    assert list(buffer.listed()) == ["D"]


def test_messages_that_cannot_be_read_and_other_kinds_change_nothing(buffer: Buffer) -> None:
    buffer.save("K3", "mixer")
    buffer.push("K2", {"doc_id": "D", "parked": "no record", "links": 7})
    buffer.push("K2", {"doc_id": "D"}, kind="document.printed/1")
    buffer.push("K2", {"doc_id": "D"}, kind="receipt.cancelled/1")
    assert buffer.row().approved_as == ""


def test_a_draft_that_its_holder_discarded_leaves(buffer: Buffer) -> None:
    saved = buffer.save("K3", "mixer")
    buffer.push("K3", {"doc_id": "D", "token": saved.token}, kind="draft.discarded/1")
    assert list(buffer.listed()) == ["D"], "K3 gave it back: it throws away its own copy only"
    token = buffer.open("K2").token
    buffer.push("K3", {"doc_id": "D", "token": token}, kind="draft.discarded/1")
    assert list(buffer.listed()) == ["D"]
    buffer.push("K2", {"doc_id": "D", "token": token}, kind="draft.discarded/1")
    assert refusal(buffer.open, "K1") == ("parking.deleted", {"station": "K2"})


@pytest.mark.parametrize("is_leased", [True, False])
def test_a_copy_thrown_away_before_the_document_was_opened_again_takes_nothing_with_it(
    buffer: Buffer, is_leased: bool
) -> None:
    """PARK-05: its message is overtaken by the next question of the same till."""
    buffer.save("K3", "mixer")
    thrown_away = buffer.open("K2").token if is_leased else 0
    token = buffer.open("K2").token
    buffer.push("K2", {"doc_id": "D", "token": thrown_away}, kind="draft.discarded/1")
    assert buffer.save("K2", "fan", 1, token).version == 2


# -- offers -------------------------------------------------------------------------------------------------
def test_a_new_agent_is_offered_what_the_stations_hold(buffer: Buffer, tmp_path: Path) -> None:
    """PARK-15: the newest version wins, whoever comes first; older ones are known to be older."""
    for order in ((2, 3, 1), (3, 1, 2), (1, 2, 3)):
        new = Buffer(tmp_path / f"new{order}")
        fates = [new.fates(f"K{v}", copy_of(new, f"v{v}", v, 10 * v)) for v in order]
        assert (new.text(), new.row().version, len(new.listed())) == ("v3", 3, 1)
        assert fates[0] == ["taken"]
        assert new.open("K1").token > 30


def test_an_offered_copy_that_is_known_changes_nothing(buffer: Buffer) -> None:
    saved = buffer.save("K3", "mixer")
    before = buffer.listed(), buffer.books.parking.cursor()
    assert buffer.fates("K2", copy_of(buffer, "mixer", 1, saved.token)) == ["known"]
    assert (buffer.listed(), buffer.books.parking.cursor()) == before


def test_a_copy_of_the_same_version_with_other_bytes_is_a_second_document(buffer: Buffer) -> None:
    buffer.save("K3", "mixer")
    offered = buffer.offer("K2", copy_of(buffer, "fan", 1, 5))
    (fate,) = offered.fates
    assert (fate.fate, buffer.texts()) == ("copied", ["fan", "mixer"])
    assert buffer.row(fate.conflict_copy).conflict_of == "D"
    assert buffer.offer("K2", copy_of(buffer, "fan", 1, 5)) == offered


def test_what_was_changed_since_a_restore_is_not_overwritten_by_a_higher_version(
    buffer: Buffer, tmp_path: Path
) -> None:
    """The agent came back from a backup with version 1; K1 made version 2 of it, K2 has 2 and 3 from before."""
    buffer.save("K3", "mixer")
    backup = buffer.backup(tmp_path / "backup")
    second = buffer.save("K2", "lost 2", 1)
    third = buffer.save("K2", "lost 3", 2)
    buffer.clock.seconds += 600
    restored = Buffer(backup, buffer.clock)
    mine = restored.open("K1")
    assert mine.token > third.token
    restored.save("K1", "after", 1, mine.token)
    assert restored.fates("K2", copy_of(restored, "lost 3", 3, third.token)) == ["copied"]
    assert restored.fates("K4", copy_of(restored, "lost 2", 2, second.token)) == ["copied"]
    assert restored.texts() == ["after", "lost 2", "lost 3"]
    assert restored.text() == "after"


def test_a_restored_agent_takes_the_newer_version_where_nobody_changed_it(buffer: Buffer, tmp_path: Path) -> None:
    buffer.save("K3", "mixer")
    backup = buffer.backup(tmp_path / "backup")
    second = buffer.save("K2", "fan", 1)
    restored = Buffer(backup, buffer.clock)
    assert restored.fates("K2", copy_of(restored, "fan", 2, second.token)) == ["taken"]
    assert (restored.text(), restored.row().version) == ("fan", 2)


def test_the_highest_token_that_anyone_saw_is_never_given_again(buffer: Buffer) -> None:
    buffer.offer("K2", highest=9_000_000_000_000_000)
    assert buffer.save("K3", "mixer").token == 9_000_000_000_000_001


def test_a_stale_copy_does_not_bring_back_what_was_approved_or_deleted(buffer: Buffer) -> None:
    buffer.save("K3", "mixer")
    buffer.push("K3", approved("D", 1, number="PAR/7"))
    buffer.save("K3", "mixer", doc_id="E")
    buffer.delete("K2", buffer.open("K2", "E").token, "E")
    offered = buffer.offer("K1", copy_of(buffer, "mixer", 1, 5), copy_of(buffer, "mixer", 1, 5, "E"))
    assert [(fate.fate, fate.number) for fate in offered.fates] == [("gone", "PAR/7"), ("gone", "")]
    assert buffer.listed() == {}


def test_a_later_copy_of_what_was_approved_is_listed_with_its_number(buffer: Buffer) -> None:
    """It was continued while the agent was lost: a person decides."""
    buffer.push("K3", approved("D", 1, number="PAR/7"))
    assert buffer.fates("K1", copy_of(buffer, "fan", 2, 5)) == ["taken"]
    assert buffer.row().approved_as == "PAR/7"


def test_a_station_tells_a_new_agent_what_it_approved(buffer: Buffer) -> None:
    """The message went to the agent that was lost."""
    assert buffer.fates("K1", copy_of(buffer, "mixer", 2, 5)) == ["taken"]
    told = ApprovedDraft(doc_id="D", version=2, approved_id="N", number="PAR/7")
    buffer.offer("K2", approved=[told])
    assert buffer.listed() == {}
    assert buffer.fates("K4", copy_of(buffer, "mixer", 2, 5)) == ["gone"]


def test_a_lease_from_the_lost_agent_is_claimed_with_the_copy(buffer: Buffer) -> None:
    assert buffer.fates("K1", copy_of(buffer, "mixer", 2, 5)) == ["taken"]
    assert buffer.fates("K2", copy_of(buffer, "mixer", 2, 7, claims=True)) == ["known"]
    assert refusal(buffer.open, "K1") == ("parking.held_elsewhere", {"station": "K2", "operator": "by K9"})
    assert buffer.fates("K4", copy_of(buffer, "mixer", 2, 6, claims=True)) == ["known"]
    assert buffer.row().holder == "K2"
    assert buffer.renew("K2", 7).token == 7


@pytest.mark.parametrize("saves", [True, False])
def test_a_lease_that_a_backup_knows_as_run_out_is_claimed_by_who_renewed_it_since(
    buffer: Buffer, tmp_path: Path, saves: bool
) -> None:
    """PARK-05, PARK-15: else another till would be given what its holder counts as his."""
    first = buffer.save("K1", "mixer", keep=True)
    buffer.wait(81)
    backup = buffer.backup(tmp_path / "backup")
    if saves:
        buffer.save("K1", "fan", 1, first.token, keep=True)
    else:
        buffer.renew("K1", first.token)
    restored = Buffer(backup, buffer.clock)
    assert restored.row().holder == ""
    copy = restored.asked("K1", "fan" if saves else "mixer", 2 if saves else 1, first.token, keep=True)
    assert restored.fates("K1", copy) == ["taken" if saves else "known"]
    assert restored.row().holder == "K1"
    assert refusal(restored.open, "K2")[0] == "parking.held_elsewhere"


def test_a_temporary_number_stays_through_the_loss_of_the_agent_and_counting_goes_on(buffer: Buffer) -> None:
    """PARK-09."""
    buffer.number_with("TMP-")
    copy = copy_of(buffer, "mixer", 2, 5)
    shown = msgspec.structs.replace(copy.row, temporary_number="TMP-00041")
    buffer.offer("K1", msgspec.structs.replace(copy, row=shown))
    assert buffer.row().temporary_number == "TMP-00041"
    assert buffer.save("K3", "fan", doc_id="E").row.temporary_number == "TMP-00042"


def test_offers_nobody_can_mean_are_refused_whole(buffer: Buffer) -> None:
    good = copy_of(buffer, "mixer", 1, 5)
    for copies, highest in (
        ([good] * 51, 0),
        ([good, msgspec.structs.replace(good, version=0)], 0),
        ([good], 2**62),
        ([msgspec.structs.replace(good, token=-1)], 0),
    ):
        assert refusal(buffer.offer, "K1", *copies, highest=highest) == ("question.unreadable", {})
    assert buffer.listed() == {}


def test_a_station_that_saves_before_it_offers_is_understood(buffer: Buffer) -> None:
    saved = buffer.save("K2", "fan", 4, 77)
    assert (saved.version, saved.token) == (5, 77)
    assert buffer.fates("K3", copy_of(buffer, "older", 4, 70)) == ["older"]


# -- the list -----------------------------------------------------------------------------------------------
def test_a_station_takes_the_list_whole_and_then_what_changed(buffer: Buffer) -> None:
    buffer.save("K3", "mixer")
    buffer.save("K3", "fan", doc_id="E")
    news = buffer.news()
    assert (news.epoch, news.full, {row.doc_id for row in news.put}, news.removed) == ("first", True, {"D", "E"}, ())
    same = buffer.news(news.epoch, news.version)
    assert (same.version, same.full, same.put, same.removed) == (news.version, False, (), ())
    token = buffer.open("K2").token
    held = buffer.news(news.epoch, news.version)
    assert [(row.doc_id, row.holder) for row in held.put] == [("D", "K2")]
    buffer.delete("K2", token)
    gone = buffer.news(news.epoch, news.version)
    assert (gone.put, gone.removed, gone.full) == ((), ("D",), False)


def test_another_agents_list_is_taken_whole(buffer: Buffer) -> None:
    buffer.save("K3", "mixer")
    news = buffer.news("another", 900)
    assert (news.epoch, news.full, [row.doc_id for row in news.put]) == ("first", True, ["D"])


def test_a_station_that_knows_more_than_the_agent_shows_that_it_was_restored(buffer: Buffer, tmp_path: Path) -> None:
    """A new epoch: stations offer what they hold."""
    buffer.save("K3", "mixer")
    backup = buffer.backup(tmp_path / "backup")
    buffer.save("K2", "fan", 1)
    told = buffer.news()
    restored = Buffer(backup, buffer.clock)
    buffer.clock.seconds += 9
    news = restored.news(told.epoch, told.version)
    assert (news.epoch, news.full, [row.version for row in news.put]) == ("restored at 9.0", True, [1])
    assert not restored.news(news.epoch, news.version).put


def test_what_left_long_ago_is_forgotten_and_old_lists_are_taken_whole(buffer: Buffer) -> None:
    buffer.save("K3", "mixer")
    buffer.delete("K2", buffer.open("K2").token)
    told = buffer.news()
    buffer.clock.seconds += 399 * 86_400
    chores = ParkingChores(buffer.desk, buffer.clock)
    chores.beat()
    assert buffer.books.parking.gone("D") is not None
    buffer.clock.seconds += 2 * 86_400
    chores.beat()
    assert buffer.books.parking.gone("D") is None
    assert buffer.news("first", 0).full
    assert not buffer.news(told.epoch, told.version).full


def test_the_buffer_is_counted(buffer: Buffer) -> None:
    buffer.save("K3", "mixer")
    buffer.save("K1", "fan", 7)
    buffer.open("K2")
    found = AgentParking(buffer.books.database, "").counts()
    assert found == {"documents_parked": 2, "parking_leases": 1, "parking_conflicts": 1}


def test_parked_documents_survive_a_restart_whole(buffer: Buffer) -> None:
    buffer.save("K3", "mixer")
    token = buffer.open("K2").token
    before = buffer.listed()
    buffer.restart()
    assert (buffer.listed(), buffer.text()) == (before, "mixer")
    assert buffer.save("K2", "fan", 1, token).version == 2
    assert encode(buffer.row()) == encode(buffer.books.parking.rows()[0])
