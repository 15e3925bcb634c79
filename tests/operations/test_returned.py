"""A till restored from an old backup gets back what it issued since; what contradicts that is kept apart."""

import shutil
from pathlib import Path

import apsw
import msgspec
import pytest

from kontuar.domain.documents.messages import Message, MessageOffered, read_body
from kontuar.kernel.canonical import decode
from kontuar.kernel.errors import Refused
from kontuar.operations.ports.questions import HeldMessage
from kontuar.operations.ports.station import DocumentQuery
from kontuar.operations.ports.streams import START, StreamId
from kontuar.operations.station import approval, contractors, own_documents, payments, returned, shifts
from kontuar.operations.station.contractors import ContractorForm
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.station.books import MIGRATIONS
from lives_world import (
    EWA,
    STATION,
    back_up,
    books_of,
    bring_back,
    database_of,
    faults,
    life,
    lost_and_restored,
    morning,
    named,
    proved,
    put_away,
    restore,
    seal,
    stream_of,
    told,
)
from proved_books import tampered
from shop import MILK, WATER, HandClock, fill, sell


class Odd(msgspec.Struct):
    """A body of another shape than its kind's."""

    doc_id: int = 7


def test_all_that_was_issued_after_the_backup_is_here_again(tmp_path: Path) -> None:
    """REL-05, REL-13: every row of every ledger as it was before the loss, and the books prove it."""
    clock = HandClock()
    station, held, before = lost_and_restored(tmp_path, clock)
    short = len(stream_of(station))
    assert 0 < short < len(held)
    done = bring_back(station, held, after=short)
    assert (done.returned, done.aside, done.without_effect) == (len(held) - short, 0, 0)
    after = books_of(station)
    for table in after:
        rows = [row for row in after[table] if table != "message" or row[0] == "i1"]
        assert rows == before[table], table
    assert station.books.fact("perpetual_gross") == str(_named_last_total(held))
    put_away(station)
    assert faults(tmp_path) == []


def _named_last_total(held: list) -> int:
    bodies = [read_body(decode(message.payload, Message)) for message in held]
    return [body.perpetual_gross for body in bodies if hasattr(body, "perpetual_gross")][-1]


def test_the_next_life_goes_on_from_there_and_no_number_comes_twice(tmp_path: Path) -> None:
    """DOC-01, REL-13: its own series from 1; the perpetual total and the shift go on."""
    clock = HandClock()
    station, held, _ = lost_and_restored(tmp_path, clock)
    bring_back(station, held)
    sold = sell(station, WATER)
    assert sold.number.endswith("/00001/POS1-2")
    assert sold.perpetual_gross == _named_last_total(held) + 249
    report = shifts.close_shift(station, EWA, (shifts.Counted(form="cash", currency="PLN", amount="54.98"),))
    assert [(row.document_type, row.count) for row in report.documents] == [("receipt", 2)]
    assert [row.difference for row in report.forms if row.form == "cash"] == [0]
    assert len({row[0] for row in database_of(station).rows("SELECT number FROM document")}) == len(
        database_of(station).rows("SELECT 1 FROM document")
    )
    put_away(station)
    assert faults(tmp_path) == []


def test_what_an_earlier_life_issued_is_cancelled_in_the_present_one_and_proved(tmp_path: Path) -> None:
    """REL-14: the document says it in one stream of the till, the cancelling stands in another."""
    clock = HandClock()
    put_away(morning(tmp_path, clock))
    station = life(tmp_path, 2, clock)
    issued = named(station, "KP").doc_id
    own_documents.cancel(station, EWA, issued, "typed wrong")
    put_away(station)
    assert faults(tmp_path) == []
    with tampered(tmp_path, tmp_path / "copy") as books:
        books.execute("DELETE FROM message WHERE incarnation = 'i2' AND kind LIKE '%cancelled%'")
    told = {(code, detail) for code, _, detail in faults(tmp_path / "copy")}
    assert ("chain.booked_unasked", f"cancelled {issued}") in told


def test_what_comes_back_twice_or_in_pieces_changes_nothing_more(tmp_path: Path) -> None:
    """REL-08: asked again from the beginning, after a crash in between."""
    clock = HandClock()
    station, held, before = lost_and_restored(tmp_path, clock)
    for end in range(1, len(held) + 1):
        bring_back(station, held[:end])
    whole = books_of(station)
    again = bring_back(station, held)
    assert (again.returned, again.aside) == (0, 0)
    assert books_of(station) == whole
    assert whole["cash_balance"] == before["cash_balance"]
    put_away(station)
    assert faults(tmp_path) == []


def test_history_says_what_came_back_and_stock_is_asked_for_anew(tmp_path: Path) -> None:
    """DOC-03, REL-07: by nobody, now; the store's figures may contain the moves already."""
    clock = HandClock()
    station, held, _ = lost_and_restored(tmp_path, clock)
    bring_back(station, held)
    row = own_documents.page(station, EWA, DocumentQuery(state="fiscalised")).rows[0]
    stored = own_documents.preview(station, EWA, row.doc_id)
    assert [(entry.event, entry.operator, entry.facts["what"]) for entry in stored.history] == [
        ("returned", "", "approved"), ("returned", "", "fiscalised"), ("returned", "", "printed"),
    ]  # fmt: skip
    assert {entry.at for entry in stored.history} == {clock.now()}
    assert (stored.fiscal_number, stored.prints) == ("F7", 1)
    assert station.books.fact("stock_cursor") == " 0"
    assert station.books.stock.is_known()


def test_a_sale_whose_fiscal_receipt_nobody_knows_of_is_looked_for_on_the_paper_first(tmp_path: Path) -> None:
    """SALE-05: the device may have registered it before the till lost its database."""
    clock = HandClock()
    station, held, _ = lost_and_restored(tmp_path, clock)
    bring_back(station, held)
    waiting = own_documents.page(station, EWA, DocumentQuery(state="not_fiscalised")).rows
    events = [own_documents.preview(station, EWA, row.doc_id).history[-1].event for row in waiting]
    assert events == ["fiscal_uncertain", "approved", "approved"]


def test_a_contractor_made_after_the_backup_can_be_chosen_again(tmp_path: Path) -> None:
    """DOC-27: until head office's own row of him comes down."""
    clock = HandClock()
    put_away(morning(tmp_path, clock))
    back_up(tmp_path)
    station = life(tmp_path, 1, clock)
    made = contractors.add(station, EWA, ContractorForm(name="Beata Nowa", kind="retail"))
    held = stream_of(station)
    put_away(station)
    restore(tmp_path)
    station = life(tmp_path, 2, clock)
    bring_back(station, held)
    assert contractors.contractor_of(station, made.code) == made


def test_a_message_of_a_later_programs_kind_is_kept_and_has_no_effect(tmp_path: Path) -> None:
    """REL-09, SYNC: what is not understood today is understood after the next update."""
    clock = HandClock()
    station = morning(tmp_path, clock)
    put_away(station)
    back_up(tmp_path)
    station = life(tmp_path, 1, clock)
    station.announce("till.dreamt/1", station.ids.new_id(), MessageOffered(
        incarnation="", seq=0, previous="", hash="", signature="", payload=""), "")  # fmt: skip
    station.announce("receipt.approved/1", station.ids.new_id(), Odd(), "")
    held = stream_of(station)
    put_away(station)
    restore(tmp_path)
    station = life(tmp_path, 2, clock)
    done = bring_back(station, held)
    assert (done.returned, done.without_effect) == (2, 1)
    assert stream_of(station) == held


def test_a_shift_that_came_back_open_beside_another_one_is_over_without_a_report(tmp_path: Path) -> None:
    """PAY-09: the till goes on in the shift that it has; screens and reports do not break on the other."""
    clock = HandClock()
    station, held, _ = lost_and_restored(tmp_path, clock)
    shifts.close_shift(station, EWA, ())
    mine = shifts.open_shift(station, EWA, "30")
    sell(station, MILK)
    done = bring_back(station, held)
    assert done.without_effect == 1, "the morning's shift was closed once more"
    assert station.open_shift().shift_id == mine.shift_id
    lost = database_of(station).row("SELECT shift_id, number FROM shift WHERE report IS NULL AND closed_at IS NOT NULL")
    assert lost is not None
    assert lost[1] == mine.number == 2
    with pytest.raises(Refused) as refused:
        shifts.report(station, EWA, lost[0])
    assert refused.value.problems[0].code == "shift.never_closed"
    assert len(shifts.past(station, EWA)) == 2
    assert shifts.summary(station, EWA).sales_gross == 399
    put_away(station)
    assert faults(tmp_path) == []


def test_once_the_new_life_has_sold_its_perpetual_total_stays_what_its_documents_say(tmp_path: Path) -> None:
    """HUB-10: every document of a chain says the total after it; what comes back later changes no later one."""
    clock = HandClock()
    station, held, _ = lost_and_restored(tmp_path, clock)
    first = sell(station, MILK)
    bring_back(station, held)
    assert station.books.fact("perpetual_gross") == str(first.perpetual_gross)
    second = sell(station, MILK)
    assert second.perpetual_gross == first.perpetual_gross + 399
    put_away(station)
    assert faults(tmp_path) == []


def test_a_draft_approved_in_both_lives_stays_as_this_till_has_it(tmp_path: Path) -> None:
    """REL-05: the other message is kept without effect; the books hold, and head office parks one of the two."""
    clock = HandClock()
    station = morning(tmp_path, clock)
    draft = fill(station, MILK)
    payments.assign(station, EWA, draft.doc_id, "cash", "")
    put_away(station)
    back_up(tmp_path)
    station = life(tmp_path, 1, clock)
    approval.approve(station, EWA, draft.doc_id)
    held = stream_of(station)
    put_away(station)
    restore(tmp_path)
    station = life(tmp_path, 2, clock)
    mine = approval.approve(station, EWA, draft.doc_id)
    done = bring_back(station, held)
    assert (done.returned, done.without_effect) == (1, 1)
    stored = station.books.documents.find(draft.doc_id)
    assert stored is not None
    assert stored.row.number == mine.number
    put_away(station)
    assert faults(tmp_path) == []
    assert {stream.incarnation: stream.notes.get("not_booked", 0) for stream in proved(tmp_path).streams} == {
        "i1": 1, "i2": 0,
    }  # fmt: skip


# -- what is believed -----------------------------------------------------------------------------------------
def _spoilt(messages: list[HeldMessage], place: int, **changes: object) -> list[HeldMessage]:
    return [msgspec.structs.replace(m, **changes) if n == place else m for n, m in enumerate(messages)]


@pytest.mark.parametrize("what", ["payload", "signature", "hash", "seq", "gap", "not hex", "other life"])
def test_nothing_is_believed_that_this_till_did_not_sign(tmp_path: Path, what: str) -> None:
    """REL-14, SEC-02: each message has to follow the one before and bear the seal of that life's own key."""
    held = told(stream_of(morning(tmp_path, HandClock())))
    other = {
        "payload": _spoilt(held, 2, payload=held[2].payload.replace("249", "248")),
        "signature": _spoilt(held, 2, signature=held[1].signature),
        "hash": _spoilt(held, 2, hash=held[1].hash),
        "seq": _spoilt(held, 2, seq=9),
        "gap": [*held[:2], *held[3:]],
        "not hex": _spoilt(held, 2, signature="never"),
        "other life": held,
    }[what]
    stream = StreamId(STATION, "i2" if what == "other life" else "i1")
    with pytest.raises(Refused) as refused:
        returned.checked(stream, START, other, seal)
    assert refused.value.problems[0].code == "stream.answer_wrong"


def test_lives_are_asked_for_until_they_are_known_and_again_when_they_contradict(tmp_path: Path) -> None:
    """REL-13: never the running one; those of other certificates too, which an old backup has never heard of."""
    clock = HandClock()
    station, held, _ = lost_and_restored(tmp_path, clock)
    assert [(one.incarnation, one.after.seq) for one in returned.wanted(station, {})] == [("i1", 0)]
    bring_back(station, held)
    assert returned.wanted(station, {"i1": 1, "i2": 2, "i3": 3}) == []
    database = database_of(station)
    with database.transaction():
        database.write("UPDATE uplink SET forked = 1, final_seq = 4, final_hash = ? WHERE incarnation = 'i1'",
                       (held[3].hash,))  # fmt: skip
    assert [(one.incarnation, one.after.seq) for one in returned.wanted(station, {"i2": 2})] == [("i1", 4)]
    put_away(station)
    third = life(tmp_path, 3, clock)
    assert [one.incarnation for one in returned.wanted(third, {"i1": 1, "i2": 2, "i3": 3, "i4": 4})] == ["i1", "i2"]


def test_shifts_of_an_older_database_are_all_there_after_the_update(tmp_path: Path) -> None:
    """REL-19: the table is made anew so that two lives may each have a shift of one number."""
    station = morning(tmp_path, HandClock())
    shifts.close_shift(station, EWA, ())
    shifts.open_shift(station, EWA, "1")
    rows = database_of(station).rows("SELECT * FROM shift ORDER BY number")
    put_away(station)
    older = tmp_path / "older"
    older.mkdir()
    for file in sorted(MIGRATIONS.glob("000[1-6]*.sql")):
        shutil.copy(file, older)
    database = SqliteDatabase(older / "station.db", migrations=older)
    with database.transaction():
        database.write_many("INSERT INTO shift VALUES (?, ?, ?, ?, ?)", rows)
    database.close()
    updated = SqliteDatabase(older / "station.db", migrations=MIGRATIONS)
    assert updated.rows("SELECT * FROM shift ORDER BY number") == rows
    with pytest.raises(apsw.ConstraintError), updated.transaction():
        updated.write("INSERT INTO shift VALUES ('another', 9, x'', NULL, NULL)")
    updated.close()
