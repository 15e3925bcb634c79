"""Pruning lets go of what head office has for good, of nothing else, and what is left is still proved (REL-17)."""

import datetime
import random
from pathlib import Path

import apsw
import pytest

from kontuar.kernel.time import instant_text
from kontuar.operations.ports.station import DocumentQuery
from kontuar.operations.pruning import Limits, note_finals
from kontuar.operations.station import own_documents, shifts, till
from proved_books import STREAM, found, tampered
from pruned_books import EWA, LIMITS, OFF, Shop
from shop import MILK, NUTS, WATER, move_cash, sell


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_nothing_is_pruned_unless_head_office_says_for_how_long_it_is_kept(shop: Shop) -> None:
    """REL-17: off by default."""
    shop.shift()
    shop.decided()
    assert shop.prune(OFF) == 0
    assert shop.prune() > 0


def test_whole_shifts_go_with_everything_that_was_booked_of_them(shop: Shop) -> None:
    """REL-17: what is left is proved from the mark on, and balances still hold."""
    shop.shift()
    last = shop.shift(NUTS)
    shop.decided()
    messages = shop.database.value("SELECT max(seq) FROM message")
    money = shop.books.cash.balances("R1")
    mark = shop.prune()
    rows = shop.database.row("SELECT count(*), min(seq) FROM message")
    assert rows == (messages - mark, mark + 1)
    assert shop.here(last)
    for table in ("document_line", "document_tax", "document_link"):
        assert shop.database.value(f"SELECT count(*) FROM {table} WHERE document NOT IN (SELECT id FROM document)") == 0
    assert shop.database.value("SELECT count(*) FROM document WHERE seq <= ?", (mark,)) == 0
    assert shop.database.value("SELECT count(*) FROM shift") == 1
    assert shop.books.cash.balances("R1") == money
    proof = shop.proof()
    assert (proof.faults, proof.pruned_to, proof.first, proof.notes.get("begins_later")) == ((), mark, mark + 1, None)
    sell(shop.station, WATER)
    shop.shift()
    assert shop.proof().faults == ()


def test_the_search_by_number_finds_what_is_left_only(shop: Shop) -> None:
    """DOC-11: the words of pruned documents go with them."""
    shop.shift()
    last = shop.shift()
    shop.decided()
    shop.prune()
    number = shop.database.value("SELECT number FROM document WHERE doc_id = ?", (last,))
    found = shop.database.rows("SELECT rowid FROM document_words WHERE document_words MATCH ?", (f'number:"{number}"',))
    assert [row[0] for row in found] == [shop.database.value("SELECT id FROM document WHERE doc_id = ?", (last,))]
    assert shop.database.rows("SELECT rowid FROM document_words WHERE document_words MATCH 'number:\"PAR\"'") == [
        (row[0],) for row in shop.database.rows("SELECT id FROM document WHERE type = 'receipt' ORDER BY id")
    ]


def test_the_list_tells_at_its_end_that_older_documents_are_at_head_office(shop: Shop) -> None:
    """REL-17, DOC-11: and only there."""
    shop.shift()
    shop.shift()
    shop.decided()
    query = DocumentQuery(family="trade", limit=1)
    assert own_documents.page(shop.station, EWA, query).pruned_until == ""
    shop.prune()
    first = own_documents.page(shop.station, EWA, query)
    assert first.next is None
    assert first.pruned_until == first.rows[0].business_day
    sell(shop.station, MILK)
    assert own_documents.page(shop.station, EWA, query).pruned_until == ""


def test_shifts_are_numbered_on_after_all_but_the_last_went(shop: Shop) -> None:
    """REL-17, REL-05: no number twice."""
    shop.shift()
    shop.shift()
    shop.close()
    shop.station.event("station.started", "")
    shop.decided()
    assert shop.prune() > 0
    number = shop.books.cash.last_shift_number()
    assert number == 4
    shifts.open_shift(shop.station, EWA, "100")
    assert shop.books.cash.last_shift_number() == 5
    assert shop.proof().faults == ()


@pytest.mark.parametrize(("days", "goes"), [(399, False), (402, True)])
def test_what_is_not_old_enough_stays(shop: Shop, days: int, goes: bool) -> None:
    """REL-17: kept for 400 days."""
    shop.shift()
    shop.decided()
    assert (shop.prune(days=days) > 0) is goes


def test_goods_that_may_come_back_keep_their_receipt(shop: Shop) -> None:
    """REL-17: the return period counts where it is longer."""
    shop.shift()
    shop.decided()
    assert shop.prune(Limits(keep=10, returns=2000, backups=1)) == 0


def test_what_head_offices_backups_may_lack_stays(shop: Shop) -> None:
    """REL-17: final for less than the backups reach back, or nobody noted when."""
    shop.shift()
    shop.decided()
    assert shop.prune(Limits(keep=400, returns=30, backups=1200)) == 0
    shop.database.transaction()
    with shop.database.transaction():
        shop.database.write("DELETE FROM final_day")
    assert shop.prune(noted=False) == 0


def test_what_the_hub_did_not_sign_to_hold_stays(shop: Shop) -> None:
    """REL-17: the chain that is left could not be proved."""
    shop.shift()
    shop.decided()
    with shop.database.transaction():
        shop.database.write("DELETE FROM signed_head")
    assert shop.prune() == 0


def test_a_document_that_waits_for_a_person_stops_it(shop: Shop) -> None:
    """REL-17: parked at head office."""
    shop.shift()
    second = shop.shift()
    shop.shift()
    shop.decided(besides=second)
    assert 0 < shop.prune() < shop.place(second)
    assert shop.here(second)


def test_a_receipt_stays_as_long_as_its_cancellation_does(shop: Shop) -> None:
    """REL-17: what stays takes it back."""
    shop.shift()
    early = move_cash(shop.station, "cash_in", "5").doc_id
    shop.shift()
    own_documents.cancel(shop.station, EWA, early)
    shop.decided()
    mark = shop.prune()
    assert mark < shop.place(early)
    assert shop.proof().faults == ()


def test_a_draft_that_refers_to_a_document_keeps_it(shop: Shop) -> None:
    """REL-17: open drafts."""
    first = shop.shift()
    shop.shift()
    shop.decided()
    draft = till.begin(shop.station, EWA, "receipt")
    with shop.database.transaction():
        shop.database.write(
            "UPDATE draft SET body = CAST(json_set(CAST(body AS TEXT), '$.links', json_array(json_object('doc_id', ?)))"
            " AS BLOB) WHERE doc_id = ?",
            (first, draft.doc_id),
        )
    assert shop.prune() < shop.place(first)
    with shop.database.transaction():
        shop.database.write("DELETE FROM draft")
    assert shop.prune() > 0
    assert not shop.here(first)


def test_kept_aside_messages_of_a_life_keep_all_of_it(shop: Shop) -> None:
    """REL-17: forks are a person's business first."""
    shop.shift()
    shop.decided()
    with shop.database.transaction():
        shop.database.write(
            "INSERT INTO forked_message VALUES ('i1', 2, zeroblob(32), 'm', 'k', x'00', x'00', x'00', '', '')"
        )
    assert shop.prune() == 0


def test_a_message_cannot_be_deleted_beyond_the_mark(shop: Shop) -> None:
    """REL-14: the guards of the tables stand."""
    shop.shift()
    shop.decided()
    mark = shop.prune()
    for table, where in (("message", f"seq = {mark + 1}"), ("document", "1"), ("cash_move", "1")):
        with pytest.raises(apsw.ConstraintError), shop.database.transaction():
            shop.database.write(f"DELETE FROM {table} WHERE {where}")
    with pytest.raises(apsw.ConstraintError), shop.database.transaction():
        shop.database.write("UPDATE pruned_to SET seq = seq - 1")


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE pruned_to SET statement = replace(statement, '\"seq\":', '\"seq\":1')", "chain.pruned_unproved"),
        ("DELETE FROM message WHERE seq = (SELECT min(seq) FROM message)", "chain.message_missing"),
        ("DELETE FROM signed_head", "chain.pruned_unproved"),
        ("UPDATE signed_head SET signature = '00' || substr(signature, 3)", "chain.signed_head_false"),
    ],
    ids=["mark", "first message", "heads", "signature"],
)  # fmt: skip
def test_nobody_hides_a_deletion_as_pruning(shop: Shop, tmp_path: Path, statement: str, code: str) -> None:
    """REL-17, REL-14: the mark is signed by the station, and proved by what the hub signed."""
    shop.shift()
    shop.decided()
    shop.prune()
    shop.database.close()
    assert found(tmp_path) == []
    with tampered(tmp_path, tmp_path.parent / f"{tmp_path.name}-tampered") as connection:
        connection.execute(statement)
    assert code in {name for name, _, _ in found(tmp_path.parent / f"{tmp_path.name}-tampered")}


def test_a_receiver_that_lacks_what_was_pruned_is_no_fork(shop: Shop) -> None:
    """REL-17, REL-13: nobody can say here; the till must not end its life because of it."""
    shop.shift()
    shop.decided()
    mark = shop.prune()
    outgoing = shop.outbox.stream(STREAM)
    assert outgoing is not None
    assert outgoing.pruned == mark
    assert shop.outbox.hash_at(STREAM, mark) == bytes(shop.database.value("SELECT hash FROM pruned_to")).hex()
    assert shop.outbox.hash_at(STREAM, mark - 1) is None


# -- whatever happened --------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(6))
def test_whatever_happened_nothing_goes_that_something_still_needs(tmp_path: Path, seed: int) -> None:
    """REL-17: random shifts, sales, cancellations, links, drafts, decisions, acknowledgements and horizons."""
    chance = random.Random(seed)
    shop = Shop(tmp_path)
    documents: list[str] = []
    for _ in range(chance.randint(2, 6)):
        documents.append(shop.shift(chance.choice((MILK, NUTS, WATER))))
        _something(shop, chance, documents)
    shop.decided()
    undecided = {each for each in documents if chance.random() < 0.1}
    linked = _links(shop, chance, documents)
    with shop.database.transaction():
        for doc_id in undecided:
            shop.database.write("UPDATE confirmation SET state = 'parked' WHERE doc_id = ?", (doc_id,))
    held = {chance.choice(documents)} if chance.random() < 0.5 else set()
    for doc_id in held:
        _draft_about(shop, doc_id)
    final = chance.randint(0, shop.books.stream.head().seq)
    note_finals(shop.pruning, shop.station.clock.now())
    with shop.database.transaction():
        shop.database.write("UPDATE final_day SET seq = min(seq, ?)", (final,))
    places = {doc_id: shop.place(doc_id) for doc_id in documents}
    mark = shop.prune(noted=False, days=chance.choice((100, 1000)))
    assert mark <= final
    stays = {doc_id for doc_id, place in places.items() if place > mark}
    assert stays >= undecided | held
    assert all(target in stays for source, target in linked if source in stays)
    assert all(shop.here(doc_id) for doc_id in stays)
    assert not any(shop.here(doc_id) for doc_id in documents if doc_id not in stays)
    with shop.database.transaction():
        shop.database.write("DELETE FROM document_link WHERE kind = 'correction'")
    assert shop.proof().faults == ()


def _something(shop: Shop, chance: random.Random, documents: list[str]) -> None:
    for _ in range(chance.randint(0, 3)):
        if chance.random() < 0.5:
            documents.append(sell(shop.station, chance.choice((MILK, NUTS))).doc_id)
        else:
            moved = move_cash(shop.station, "cash_in", "1").doc_id
            documents.append(moved)
            if chance.random() < 0.5:
                own_documents.cancel(shop.station, EWA, moved)


def _links(shop: Shop, chance: random.Random, documents: list[str]) -> list[tuple[str, str]]:
    """Later documents refer to earlier ones; rows only, so they are taken away before the books are proved."""
    made = []
    for number, source in enumerate(documents[1:], start=1):
        if chance.random() < 0.3:
            target = chance.choice(documents[:number])
            made.append((source, target))
            with shop.database.transaction():
                shop.database.write(
                    "INSERT OR IGNORE INTO document_link SELECT id, 'correction', ?, '' FROM document WHERE doc_id = ?",
                    (target, source),
                )
    return made


def _draft_about(shop: Shop, doc_id: str) -> None:
    draft = till.begin(shop.station, EWA, "receipt")
    with shop.database.transaction():
        shop.database.write(
            "UPDATE draft SET body = CAST(json_set(CAST(body AS TEXT), '$.repeats', ?) AS BLOB) WHERE doc_id = ?",
            (doc_id, draft.doc_id),
        )


def test_times_and_positions_read_as_they_are_written() -> None:
    """REL-17: horizons are compared as text."""
    now = datetime.datetime(2030, 6, 1, tzinfo=datetime.UTC)
    assert LIMITS.before(now) == instant_text(now - datetime.timedelta(days=400))
    assert LIMITS.final_by(now) == "2030-03-02"
