"""The agent's parking: leases, saves, conflict copies, deletion (PARK-05, PARK-06, PARK-07, PARK-09, PARK-15)."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from kontuar.domain.documents import parking as rules
from kontuar.domain.documents.parking import ean_of
from kontuar.kernel.time import milliseconds
from parking_world import Buffer, approved, body, refusal
from sync_chain import NOW

FIRST_TOKEN = milliseconds(NOW)


@pytest.fixture
def buffer(tmp_path: Path) -> Buffer:
    return Buffer(tmp_path / "agent")


# -- parking, opening ---------------------------------------------------------------------------------------
def test_a_document_parked_for_the_first_time_is_version_one_with_its_ean(buffer: Buffer) -> None:
    """PARK-01, PARK-09."""
    saved = buffer.save("K3", "mixer")
    assert (saved.version, saved.token, saved.lease_seconds, saved.conflict_copy) == (1, FIRST_TOKEN, 0, "")
    assert buffer.listed() == {"D": saved.row}
    row = saved.row
    assert (row.version, row.ean, row.station, row.holder, row.gross) == (1, ean_of("D"), "K3", "", 100)


def test_opening_gives_the_bytes_as_parked_and_a_lease_that_others_see(buffer: Buffer) -> None:
    """PARK-05."""
    buffer.save("K3", "mixer")
    opened = buffer.open("K2")
    assert bytes(opened.document) == body("D", "mixer")
    assert (opened.version, opened.token, opened.lease_seconds) == (1, FIRST_TOKEN + 1, 60)
    assert buffer.row().holder == opened.row.holder == "K2"
    before = buffer.listed()
    assert refusal(buffer.open, "K1") == ("parking.held_elsewhere", {"station": "K2", "operator": "by K2"})
    assert buffer.listed() == before


def test_the_holder_may_open_it_again_and_has_a_new_token(buffer: Buffer) -> None:
    buffer.save("K3", "mixer")
    first, second = buffer.open("K2"), buffer.open("K2")
    assert second.token == first.token + 1
    assert buffer.save("K2", "fan", 1, second.token).version == 2


def test_what_is_not_there_is_said_so(buffer: Buffer) -> None:
    assert refusal(buffer.open, "K1") == ("parking.not_found", {})
    assert refusal(buffer.renew, "K1", 1) == ("parking.not_found", {})
    assert buffer.release("K1", 1) is None


def test_a_worked_day_at_four_tills(buffer: Buffer) -> None:
    """PARK-14, as far as the buffer sees it."""
    buffer.save("K3", "mixer")
    second = buffer.open("K2")
    assert buffer.save("K2", "mixer, fan", 1, second.token).version == 2
    desk = buffer.open("K1")
    assert bytes(desk.document) == body("D", "mixer, fan")
    assert (desk.row.modified_by, desk.row.station, desk.row.ean) == ("by K2", "K2", ean_of("D"))


# -- how long a lease lives ---------------------------------------------------------------------------------
def test_a_lease_ends_after_its_time_and_the_margin(buffer: Buffer) -> None:
    """PARK-05: 60 seconds for the holder, 15 more before another has it."""
    buffer.save("K3", "mixer")
    buffer.open("K2")
    assert not buffer.wait(74.9)
    assert refusal(buffer.open, "K1")[0] == "parking.held_elsewhere"
    assert buffer.wait(0.2)
    assert buffer.row().holder == ""
    assert buffer.open("K1").row.holder == "K1"


def test_it_is_free_by_the_clock_even_before_anyone_looked(buffer: Buffer) -> None:
    buffer.save("K3", "mixer")
    buffer.open("K2")
    buffer.clock.seconds += 75
    assert buffer.open("K1").row.holder == "K1"


def test_renewing_begins_its_time_anew(buffer: Buffer) -> None:
    buffer.save("K3", "mixer")
    token = buffer.open("K2").token
    buffer.wait(50)
    leased = buffer.renew("K2", token)
    assert (leased.token, leased.lease_seconds) == (token, 60)
    assert not buffer.wait(70)
    assert refusal(buffer.open, "K1")[0] == "parking.held_elsewhere"


def test_a_lease_that_ran_out_lives_again_unless_somebody_was_given_it(buffer: Buffer) -> None:
    buffer.save("K3", "mixer")
    token = buffer.open("K2").token
    buffer.wait(100)
    buffer.renew("K2", token)
    assert (buffer.row().holder, refusal(buffer.open, "K1")[0]) == ("K2", "parking.held_elsewhere")
    buffer.wait(100)
    buffer.open("K1")
    assert refusal(buffer.renew, "K2", token) == ("parking.lease_lost", {"station": "K1"})


def test_after_a_restart_every_lease_has_its_whole_time_again(buffer: Buffer) -> None:
    """The time a process was away is not known: rather too long than two holders."""
    buffer.save("K3", "mixer")
    token = buffer.open("K2").token
    buffer.clock.seconds += 1_000
    buffer.restart()
    assert refusal(buffer.open, "K1")[0] == "parking.held_elsewhere"
    assert buffer.save("K2", "fan", 1, token, keep=True).version == 2
    buffer.wait(75)
    assert buffer.open("K1").version == 2


def test_giving_back_frees_it_and_is_repeatable(buffer: Buffer) -> None:
    buffer.save("K3", "mixer")
    token = buffer.open("K2").token
    buffer.release("K2", token)
    buffer.release("K2", token)
    assert (buffer.row().holder, buffer.row().version) == ("", 1)
    mine = buffer.open("K1").token
    buffer.release("K2", token)
    assert buffer.row().holder == "K1"
    buffer.release("K1", mine)


def test_leases_are_shown_to_an_administrator(buffer: Buffer) -> None:
    buffer.save("K3", "mixer")
    token = buffer.open("K2").token
    buffer.wait(10)
    (lease,) = buffer.desk.leases()
    assert (lease.doc_id, lease.station, lease.operator, lease.token, lease.seconds_left) == (
        "D", "K2", "by K2", token, 65,
    )  # fmt: skip


# -- taking over --------------------------------------------------------------------------------------------
def test_a_taken_over_lease_saves_no_more_and_nothing_is_written(buffer: Buffer) -> None:
    """PARK-06: refused by the fencing token; the work stays at the first station."""
    buffer.save("K3", "mixer")
    first = buffer.open("K2")
    second = buffer.open("K1", take_over=True)
    assert second.token > first.token
    before = buffer.listed()
    assert refusal(buffer.save, "K2", "fan", 1, first.token) == ("parking.lease_lost", {"station": "K1"})
    assert (buffer.listed(), buffer.text()) == (before, "mixer")
    assert refusal(buffer.renew, "K2", first.token)[0] == "parking.lease_lost"
    buffer.save("K1", "kettle", 1, second.token)
    assert refusal(buffer.save, "K2", "fan", 1, first.token) == ("parking.lease_lost", {"station": "K1"})


def test_work_that_lost_its_lease_can_be_parked_as_a_copy_on_wish(buffer: Buffer) -> None:
    buffer.save("K3", "mixer")
    first = buffer.open("K2")
    buffer.open("K1", take_over=True)
    saved = buffer.save("K2", "fan", 1, first.token, as_copy=True)
    assert buffer.row(saved.conflict_copy).conflict_of == "D"
    assert buffer.texts() == ["fan", "mixer"]


def test_with_the_token_left_unchecked_a_save_overwrites_the_new_holders_work(
    buffer: Buffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: what the comparison in the writing transaction is for."""
    monkeypatch.setattr(rules, "is_fenced_off", lambda *_, **__: False)
    buffer.save("K3", "mixer")
    late = buffer.open("K2").token
    buffer.wait(75)
    buffer.open("K1")
    assert buffer.save("K2", "fan", 1, late).conflict_copy == ""
    assert buffer.text() == "fan", "K1 edits what is no more"


def test_a_late_save_under_a_lease_that_ran_out_does_not_touch_the_new_holders_document(buffer: Buffer) -> None:
    """PARK-15: the same without the twin's damage."""
    buffer.save("K3", "mixer")
    late = buffer.open("K2").token
    buffer.wait(75)
    mine = buffer.open("K1").token
    copy = buffer.save("K2", "fan", 1, late).conflict_copy
    assert (buffer.text(), buffer.text(copy)) == ("mixer", "fan")
    assert buffer.save("K1", "kettle", 1, mine).version == 2


# -- saving -------------------------------------------------------------------------------------------------
def test_saving_gives_the_lease_back_or_keeps_it(buffer: Buffer) -> None:
    buffer.save("K3", "mixer")
    token = buffer.open("K2").token
    kept = buffer.save("K2", "fan", 1, token, keep=True)
    assert (kept.version, kept.token, kept.lease_seconds, kept.row.holder) == (2, token, 60, "K2")
    given = buffer.save("K2", "kettle", 2, token)
    assert (given.version, given.token, given.lease_seconds, given.row.holder) == (3, token, 0, "")


def test_parking_for_the_first_time_may_keep_the_lease(buffer: Buffer) -> None:
    kept = buffer.save("K3", "mixer", keep=True)
    assert (kept.row.holder, kept.lease_seconds) == ("K3", 60)
    assert refusal(buffer.open, "K1")[0] == "parking.held_elsewhere"
    assert buffer.save("K3", "fan", 1, kept.token).version == 2


def test_the_same_again_is_answered_as_the_first_time(buffer: Buffer) -> None:
    """The answer was lost."""
    first = buffer.save("K3", "mixer")
    assert buffer.save("K3", "mixer") == first
    token = buffer.open("K2").token
    second = buffer.save("K2", "fan", 1, token)
    buffer.open("K1")
    again = buffer.save("K2", "fan", 1, token)
    assert (again.version, again.token, again.conflict_copy) == (2, second.token, "")
    assert (len(buffer.listed()), buffer.row().version, buffer.row().holder) == (1, 2, "K1")


def test_a_station_that_missed_an_answer_and_went_on_makes_the_next_version(buffer: Buffer) -> None:
    buffer.save("K3", "mixer")
    buffer.clock.seconds += 1
    saved = buffer.save("K3", "mixer, fan")
    assert (saved.version, saved.conflict_copy, buffer.text()) == (2, "", "mixer, fan")


def test_two_tills_that_parked_different_versions_are_both_listed(buffer: Buffer) -> None:
    """PARK-15: the agent was away; the later arrival is a second document, marked."""
    buffer.save("K3", "mixer")
    buffer.save("K2", "fan", 1)
    saved = buffer.save("K1", "kettle", 1)
    copy = saved.conflict_copy
    assert (saved.doc_id, saved.version, saved.row.doc_id) == ("D", 1, copy)
    assert (buffer.row(copy).conflict_of, buffer.row(copy).station) == ("D", "K1")
    assert msgspec.json.decode(bytes(buffer.open("K1", copy).document))["doc_id"] == copy
    assert (buffer.text(), buffer.text(copy), buffer.row().version) == ("fan", "kettle", 2)
    assert buffer.row(copy).ean == ean_of(copy) != buffer.row().ean
    assert buffer.save("K1", "kettle", 1).conflict_copy == copy
    assert len(buffer.listed()) == 2


def test_a_save_without_a_lease_on_the_last_version_is_its_next(buffer: Buffer) -> None:
    """One's own copy was continued while the agent was away."""
    buffer.save("K3", "mixer")
    assert buffer.save("K3", "fan", 1).version == 2
    buffer.open("K2")
    assert buffer.save("K3", "kettle", 2).conflict_copy


def test_bytes_that_are_no_document_make_no_copy(buffer: Buffer) -> None:
    buffer.save("K3", "mixer")
    wrong = msgspec.structs.replace(buffer.asked("K2", "", 0), document=msgspec.Raw(b"[1]"))
    assert refusal(buffer.desk.save, "K2", wrong) == ("question.unreadable", {})
    assert len(buffer.listed()) == 1


# -- deleting -----------------------------------------------------------------------------------------------
def test_the_holder_deletes_and_nobody_else(buffer: Buffer) -> None:
    """PARK-16."""
    buffer.save("K3", "mixer")
    token = buffer.open("K2").token
    assert refusal(buffer.delete, "K1", 0) == ("parking.lease_lost", {"station": "K2"})
    assert len(buffer.listed()) == 1
    buffer.delete("K2", token)
    buffer.delete("K2", token)
    assert buffer.listed() == {}
    for late in (lambda: buffer.open("K1"), lambda: buffer.save("K1", "fan", 1), lambda: buffer.renew("K2", token)):
        assert refusal(late) == ("parking.deleted", {"station": "K2"})


def test_work_on_a_deleted_document_can_be_kept_as_a_copy(buffer: Buffer) -> None:
    buffer.save("K3", "mixer")
    buffer.delete("K2", buffer.open("K2").token)
    copy = buffer.save("K3", "fan", 1, as_copy=True).conflict_copy
    assert (list(buffer.listed()), buffer.row(copy).conflict_of) == ([copy], "D")


# -- being approved -----------------------------------------------------------------------------------------
def test_others_see_that_it_is_being_approved_also_when_the_lease_runs_out(buffer: Buffer) -> None:
    """PARK-08: the approving station may have committed while it is away."""
    buffer.save("K3", "mixer")
    token = buffer.open("K2").token
    buffer.approving("K2", token)
    assert buffer.row().approving == "K2"
    buffer.wait(1_000)
    assert (buffer.row().holder, buffer.row().approving) == ("", "K2")
    assert refusal(buffer.open, "K1") == ("parking.being_approved", {"station": "K2"})
    taken = buffer.open("K1", take_over=True)
    assert taken.row.approving == ""
    assert refusal(buffer.save, "K2", "fan", 1, token)[0] == "parking.lease_lost"


@pytest.mark.parametrize("then", ["save", "release", "open"])
def test_an_approval_that_did_not_come_about_is_forgotten(buffer: Buffer, then: str) -> None:
    buffer.save("K3", "mixer")
    token = buffer.open("K2").token
    buffer.approving("K2", token)
    if then == "save":
        buffer.save("K2", "fan", 1, token)
    elif then == "release":
        buffer.release("K2", token)
    else:
        buffer.open("K2")
    assert buffer.row().approving == ""


# -- temporary numbers --------------------------------------------------------------------------------------
def test_temporary_numbers_count_on_and_never_change_before_approval(buffer: Buffer) -> None:
    """PARK-09: after one is deleted the next parked document has the next number, not the freed one."""
    assert buffer.save("K3", "plain", doc_id="A").row.temporary_number == ""
    buffer.number_with("TMP-")
    assert buffer.save("K3", "mixer", doc_id="B").row.temporary_number == "TMP-00001"
    opened = buffer.open("K2", "B")
    assert buffer.save("K2", "fan", 1, opened.token, doc_id="B").row.temporary_number == "TMP-00001"
    buffer.delete("K2", buffer.open("K2", "B").token, "B")
    assert buffer.save("K3", "kettle", doc_id="C").row.temporary_number == "TMP-00002"
    copy = buffer.save("K1", "pan", 9, doc_id="C").conflict_copy
    assert buffer.row(copy).temporary_number == "TMP-00003"


def test_a_document_that_was_parked_before_there_was_a_prefix_gets_its_number_when_saved(buffer: Buffer) -> None:
    buffer.save("K3", "mixer")
    buffer.number_with("TMP-")
    assert buffer.save("K3", "fan", 1).row.temporary_number == "TMP-00001"


def test_two_eans_alike_are_told_apart(buffer: Buffer, monkeypatch: pytest.MonkeyPatch) -> None:
    """PARK-09: once in 10^13 pairs."""
    monkeypatch.setattr(rules, "ean_of", lambda doc_id, attempt=0: f"{attempt:020}")
    eans = [buffer.save("K3", "x", doc_id=doc_id).row.ean for doc_id in "ABC"]
    assert eans == [f"{attempt:020}" for attempt in range(3)]
    assert buffer.save("K3", "y", 1, doc_id="A").row.ean == eans[0]


def test_a_repeated_conflict_copy_is_answered_with_the_version_that_its_bytes_are(buffer: Buffer) -> None:
    """PARK-15: another till went on with the copy while the answer was lost; the first does not take its bytes for
    the later version, which it would overwrite."""
    buffer.save("K1", "one")
    buffer.save("K2", "two", version=1)
    first = buffer.save("K3", "three", version=1)
    opened = buffer.open("K2", first.conflict_copy)
    buffer.save("K2", "three and four", 1, opened.token, doc_id=first.conflict_copy)
    again = buffer.save("K3", "three", version=1)
    assert (again.conflict_copy, again.version, again.token) == (first.conflict_copy, 1, first.token)
    assert again.row.version == 2


@pytest.mark.parametrize("meanwhile", ["given back", "approved", "deleted"])
def test_a_repeated_conflict_copy_is_no_next_version_when_nobody_is_in_its_way_any_more(
    buffer: Buffer, meanwhile: str
) -> None:
    """PARK-15: the answer was lost while another till was editing; the work would be there twice."""
    buffer.save("K1", "one")
    token = buffer.open("K2").token
    first = buffer.save("K3", "three", 1)
    assert first.conflict_copy
    if meanwhile == "given back":
        buffer.release("K2", token)
    elif meanwhile == "deleted":
        buffer.delete("K2", token)
    else:
        buffer.push("K2", approved("D", 1, token=token))
    assert buffer.save("K3", "three", 1) == first
    assert buffer.texts().count("three") == 1


def test_a_repeated_conflict_copy_that_was_deleted_since_stays_deleted(buffer: Buffer) -> None:
    """PARK-15, PARK-16."""
    buffer.save("K1", "one")
    token = buffer.open("K2").token
    copy = buffer.save("K3", "three", 1).conflict_copy
    buffer.delete("K1", buffer.open("K1", copy).token, copy)
    buffer.release("K2", token)
    assert refusal(buffer.save, "K3", "three", 1) == ("parking.deleted", {"station": "K1"})
    assert buffer.texts() == ["one"]


def test_the_same_words_entered_on_a_later_version_are_its_next_and_no_old_copy(buffer: Buffer) -> None:
    """PARK-15: only the same save is answered as before."""
    buffer.save("K1", "one")
    token = buffer.open("K2").token
    copy = buffer.save("K3", "three", 1).conflict_copy
    buffer.save("K2", "two", 1, token)
    saved = buffer.save("K3", "three", 2)
    assert (saved.version, saved.conflict_copy) == (3, "")
    assert (buffer.text(), buffer.text(copy)) == ("three", "three")


@pytest.mark.parametrize(("version", "token"), [(0, 2**62), (0, -1), (-1, 0), (2**62, 5)])
def test_numbers_that_no_agent_gave_are_refused_and_change_nothing(buffer: Buffer, version: int, token: int) -> None:
    """PARK-05: one such token would be the last that can be given."""
    assert refusal(buffer.save, "K3", "mixer", version, token) == ("question.unreadable", {})
    assert buffer.listed() == {}
    assert buffer.save("K3", "mixer").token < 2**53
