"""The proof of the hub's books on a real PostgreSQL: what is altered behind the guards is found and named."""

import datetime
import random

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature

from hub_documents_world import NOON, STATION, STORE, WAREHOUSE, Hub, Till
from kontuar.domain.documents.proof.records import StreamProof
from kontuar.domain.parties import rights
from kontuar.kernel.errors import Refused
from kontuar.operations.actor import Actor
from kontuar.operations.hub import proofs
from kontuar.operations.hub.deviations import book_all_the_same
from kontuar.operations.hub.monitor import nodes, note_contact, watch
from kontuar.operations.ports.hub_documents import Decision
from kontuar.operations.ports.hub_lists import Contact
from kontuar.operations.ports.streams import SealedMessage, StreamId
from kontuar.storage.postgres.alarms import PostgresAlarmBook
from kontuar.storage.postgres.monitor import PostgresMonitorShelf
from kontuar.storage.postgres.proving import PostgresKeptProofs, PostgresProofShelf

pytestmark = pytest.mark.postgres
BOSS = Actor(operator="boss", name="Boss", rights=frozenset({rights.SEE_HUB}))
NOBODY = Actor(operator="x", name="x", rights=frozenset())
GUARDED = ("message", "document", "stock_move", "cash_move", "document_history", "forked_message")


@pytest.fixture
def till() -> Till:
    """Messages 1 to 8: the shift begins, five receipts, one release that is taken back."""
    opened = Till(signed=True)
    opened.open_shift()
    for _ in range(5):
        opened.sell((1, 1), (2, 2))
    opened.cancel(opened.release(3))
    return opened


class Proving:
    """The proof of a hub, as its own program has it made."""

    def __init__(self, hub: Hub, till: Till) -> None:
        assert till.key is not None
        self._public = till.key.public_key()
        self.shelf = PostgresProofShelf(hub.database)
        self.kept = PostgresKeptProofs(hub.database)

    def seal(self, stream: StreamId, message: SealedMessage) -> str:
        try:
            self._public.verify(message.signature, message.hash)
        except InvalidSignature:
            return "signature.bad"
        return ""

    def __call__(self, store: str = "") -> proofs.BooksVerdict:
        return proofs.verify_chains(self.shelf, self.kept, BOSS, store, self.seal, NOON)

    def found(self) -> list[tuple[str, str]]:
        """(code, document or whatever it is called by), in the order of streams, then of balances."""
        verdict = self()
        streams = [(fault.code, fault.name) for stream in verdict.streams for fault in stream.faults]
        return streams + [(fault.code, fault.name) for fault in verdict.faults]


@pytest.fixture
def proving(hub: Hub, till: Till) -> Proving:
    hub.push(till)
    hub.book()
    return Proving(hub, till)


def tamper(hub: Hub, *statements: str) -> None:
    """As somebody does who owns the database."""
    with hub.database.transaction():
        for table in GUARDED:
            hub.database.connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        for statement in statements:
            hub.database.connection.execute(statement)


def test_untouched_books_are_proved(till: Till, proving: Proving) -> None:
    """REL-14, HUB-10."""
    verdict = proving()
    assert (verdict.holds, verdict.faults) == (True, ())
    (stream,) = verdict.streams
    assert (stream.problem, stream.messages, stream.documents, stream.first) == ("", 8, 6, 1)
    assert (stream.head, stream.notes) == (till.head.hex(), {})


FOURTH = "PAR/2026/11/00003/POS1"
TAMPERING = {
    "a byte of a message": (
        ("UPDATE message SET payload = set_byte(payload, 40, get_byte(payload, 40) # 1) WHERE seq = 4",),
        ("chain.altered", FOURTH),
    ),
    "its hash": (("UPDATE message SET hash = set_byte(hash, 3, get_byte(hash, 3) # 1) WHERE seq = 4",),
                 ("chain.altered", FOURTH)),
    "its signature": (("UPDATE message SET signature = set_byte(signature, 1, get_byte(signature, 1) # 1)"
                       " WHERE seq = 4",), ("signature.bad", FOURTH)),
    "what it is found by": (("UPDATE message SET kind = 'receipt.approved/2' WHERE seq = 4",),
                            ("chain.beside_differs", FOURTH)),
    "a removed message": (("DELETE FROM message WHERE seq = 4",), ("chain.message_missing", "PAR/2026/11/00004/POS1")),
    "the last one": (("DELETE FROM message WHERE seq = 8",), ("chain.message_missing", "")),
    "two exchanged": (
        ("UPDATE message SET seq = seq + 100 WHERE seq IN (4, 5)",
         "UPDATE message SET seq = CASE seq WHEN 104 THEN 5 ELSE 4 END WHERE seq IN (104, 105)"),
        ("chain.altered", "PAR/2026/11/00004/POS1"),
    ),
    "an inserted one": (
        ("INSERT INTO message SELECT store, origin, incarnation, 9, 'x', kind, payload, hash, signature, '', now()"
         " FROM message WHERE seq = 4",),
        ("chain.altered", FOURTH),
    ),
    "where it ends": (("UPDATE stream SET hash = sha256('x')",), ("chain.head_differs", "")),
    "the gross of a document": (("UPDATE document SET gross = gross + 1 WHERE seq = 4",),
                                ("chain.booked_differs", FOURTH)),
    "its buyer": (("UPDATE document SET buyer_name = 'Jan' WHERE seq = 4",), ("chain.booked_differs", FOURTH)),
    "a line": (("UPDATE document_line l SET value = l.value + 1 FROM document d"
                " WHERE d.doc_id = l.doc_id AND d.seq = 4 AND l.line = 2",), ("chain.booked_differs", FOURTH)),
    "a line gone": (("DELETE FROM document_line l USING document d WHERE d.doc_id = l.doc_id AND d.seq = 4"
                     " AND l.line = 2",), ("chain.booked_missing", FOURTH)),
    "its VAT": (("UPDATE document_tax t SET tax = t.tax + 1 FROM document d WHERE d.doc_id = t.doc_id AND d.seq = 4"
                 " AND t.vat = 'A'",), ("chain.booked_differs", FOURTH)),
    "a payment": (("UPDATE document_payment p SET amount = p.amount + 1 FROM document d"
                   " WHERE d.doc_id = p.doc_id AND d.seq = 4 AND p.number = 1",), ("chain.booked_differs", FOURTH)),
    "money": (("UPDATE cash_move c SET amount = c.amount + 1 FROM document d WHERE d.doc_id = c.doc_id AND d.seq = 4"
               " AND c.line = 1",), ("chain.booked_differs", FOURTH)),
    "one move more": (
        ("INSERT INTO cash_move SELECT store, doc_id, 9, 'payment', 'R1', 'cash', 'PLN', 1, 1, '', business_day"
         " FROM document WHERE seq = 4",),
        ("chain.booked_unasked", FOURTH),
    ),
    "a document gone": (("DELETE FROM document WHERE seq = 4",), ("chain.booked_missing", FOURTH)),
    "its taking back": (("UPDATE document_later SET cancelled = false",),
                        ("chain.booked_differs", "RW/2026/11/00001/POS1")),
    "taken back by nobody": (
        ("INSERT INTO document_later (store, doc_id, cancelled)"
         " SELECT store, doc_id, true FROM document WHERE seq = 4",),
        ("chain.booked_unasked", FOURTH),
    ),
    "the shift": (("UPDATE shift SET opening_float = 1",), ("chain.booked_differs", "open-shift1")),
    "a balance": (("UPDATE stock_balance SET quantity_e4 = quantity_e4 + 1 WHERE article = 'A00001'",),
                  ("chain.balance_differs", f"{STORE} {WAREHOUSE} A00001")),
    "a balance gone": (("DELETE FROM stock_balance WHERE article = 'A00002'",),
                       ("chain.balance_differs", f"{STORE} {WAREHOUSE} A00002")),
    "what was not booked": (("UPDATE stock_balance SET unbooked_e4 = 5 WHERE article = 'A00001'",),
                            ("chain.balance_differs", f"{STORE} {WAREHOUSE} A00001")),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERING)
def test_whatever_is_altered_behind_the_guards_is_found_and_named(hub: Hub, proving: Proving, what: str) -> None:
    """REL-14, HUB-10: a byte, a message, a booked figure, a ledger row, a balance."""
    statements, expected = TAMPERING[what]
    tamper(hub, *statements)
    found = proving.found()
    assert expected in found
    assert not proving().holds


@pytest.mark.parametrize("seed", range(3))
def test_any_flipped_bit_of_any_message_is_found_at_its_message(hub: Hub, proving: Proving, seed: int) -> None:
    """REL-14: bytes, hashes, signatures, and what messages are found by."""
    chance = random.Random(seed)
    tamper(hub)
    for _ in range(12):
        seq, column = chance.randint(1, 8), chance.choice(("payload", "hash", "signature"))
        bit = f"set_bit({column}, {{0}}, 1 - get_bit({column}, {{0}}))"
        length = hub.one(f"SELECT length({column}) FROM message WHERE seq = %s", seq)
        flip = f"UPDATE message SET {column} = {bit.format(chance.randrange(length * 8))} WHERE seq = {seq}"
        for statement in (flip, "SELECT 1", flip):
            with hub.database.transaction():
                hub.database.connection.execute(statement)
            if statement == "SELECT 1":
                streams = proving().streams
                assert seq in {fault.seq for fault in streams[0].faults}, flip
    assert proving().holds


def test_a_document_that_no_message_brought_is_found(hub: Hub, proving: Proving) -> None:
    """REL-14, REL-03: put into the books alone."""
    tamper(
        hub,
        "CREATE TEMPORARY TABLE forged AS SELECT * FROM document WHERE seq = 4",
        "UPDATE forged SET doc_id = gen_random_uuid(), number = 'PAR/FORGED', seq = 77, ordinal = 77",
        "INSERT INTO document SELECT * FROM forged",
    )
    assert proving.found() == [("chain.booked_unasked", "PAR/FORGED")]


def test_a_message_with_another_number_total_or_time_does_not_follow(hub: Hub) -> None:
    """REL-05, REL-06, REL-14: signed by the till itself, so the chain is whole; nobody has decided on it."""
    till = Till(signed=True)
    till.open_shift()
    till.sell((1, 1), approved_at=NOON)
    till.sell((1, 1), number="PAR/2026/11/00003/POS1", approved_at=NOON - datetime.timedelta(hours=1))
    till.perpetual += 5
    till.sell((1, 1), number="PAR/2026/11/00003/POS1")
    hub.push(till)
    hub.book()
    proving = Proving(hub, till)
    with hub.database.transaction():
        hub.database.connection.execute("DELETE FROM verification_item")
    codes = {code for code, _ in proving.found()}
    assert {"chain.number_missing", "chain.time_back", "chain.total_differs", "chain.number_repeated"} <= codes


def test_what_people_know_of_is_said_and_is_no_fault(hub: Hub) -> None:
    """HUB-05, REL-09: parked, accepted all the same, set aside, forked, and not looked at yet."""
    till = Till(signed=True)
    till.open_shift()
    till.sell((60, 1))
    till.sell((61, 1), number=till.next_number(skip=7))
    till.say_bytes(b"\xff not a message")
    till.sell((1, 1))
    hub.push(till)
    hub.book()
    proving = Proving(hub, till)
    assert proving.found() == []
    assert proving().streams[0].notes == {"parked": 3, "not_booked": 3}
    decision = Decision(state="accepted", operator="boss", at=NOON, note="seen")
    with hub.database.transaction():
        hub.desk.lock(STORE)
        for sealed in till.messages[1:4]:
            book_all_the_same(hub.desk, hub.desk.parked(STORE, sealed.hash), decision)
    till.sell((1, 1))
    hub.push(till)
    assert proving.found() == []
    twin = Till(signed=True)
    twin.key = till.key
    twin.open_shift()
    twin.sell((5, 5))
    hub.push(twin)
    hub.book()
    assert proving.found() == []
    notes = proving().streams[0].notes
    assert (notes["forked"], notes["closed"]) == (1, 1)


def test_a_document_booked_under_an_identity_of_its_own_is_proved_there(hub: Hub, till: Till) -> None:
    """HUB-05: accepted although its id stands for another document."""
    first = till.sell((1, 1))
    again = msgspec.structs.replace(first, number=till.next_number())
    sealed = till.say("receipt.approved/1", till._counted(again), first.doc_id)
    hub.push(till)
    hub.book()
    proving = Proving(hub, till)
    assert proving.found() == []
    decision = Decision(state="accepted", operator="boss", at=NOON, note="both are real")
    with hub.database.transaction():
        hub.desk.lock(STORE)
        book_all_the_same(hub.desk, hub.desk.parked(STORE, sealed.hash), decision)
    assert hub.one("SELECT count(*) FROM document WHERE number = %s", again.number) == 1
    assert proving.found() == []


def test_what_was_found_is_kept_shown_and_alarms_until_it_holds_again(hub: Hub, proving: Proving) -> None:
    """HUB-07, HUB-10."""
    monitor, book = PostgresMonitorShelf(hub.database), PostgresAlarmBook(hub.database)
    note_contact(monitor, Contact(node=STATION, store=STORE, kind="station", incarnation="life1", at=NOON))
    assert proving.kept.oldest() == NOON, "since its first message"
    later = NOON + datetime.timedelta(hours=12)
    tamper(
        hub, "UPDATE document SET gross = gross + 1 WHERE seq = 4",
        "UPDATE stock_balance SET quantity_e4 = 7 WHERE article = 'A00001'",
    )  # fmt: skip
    proofs.check_store(proving.shelf, proving.kept, STORE, proving.seal, later)
    kept = proofs.latest(proving.kept, BOSS)
    assert [(row.proof.origin, len(row.proof.faults), row.checked_at) for row in kept] == [
        ("", 1, later), (STATION, 1, later),
    ]  # fmt: skip
    assert proving.kept.oldest() == later
    watch(monitor, book, NOON)
    with book.transaction():
        codes = {(alarm.node, alarm.code, alarm.severity) for alarm in book.open()}
    assert {(STATION, "node.books_faulty", "urgent"), ("hub", "hub.books_faulty", "urgent")} <= codes
    assert "node.books_faulty" in nodes(monitor, BOSS, NOON)[0].alarms
    tamper(
        hub, "UPDATE document SET gross = gross - 1 WHERE seq = 4",
        "UPDATE stock_balance SET quantity_e4 = -50000 WHERE article = 'A00001'",
    )  # fmt: skip
    assert proving().holds
    watch(monitor, book, later)
    with book.transaction():
        assert not {alarm.code for alarm in book.open()} & {"node.books_faulty", "hub.books_faulty"}


def test_only_who_may_look_at_head_office_has_it_proved(hub: Hub, proving: Proving) -> None:
    """SEC-01."""
    for ask in (
        lambda: proofs.verify_chains(proving.shelf, proving.kept, NOBODY, "", proving.seal, NOON),
        lambda: proofs.latest(proving.kept, NOBODY),
    ):
        with pytest.raises(Refused, match="right"):
            ask()
    with pytest.raises(Refused, match="right"):
        proofs.require_asking(BOSS)


def test_a_kept_proof_reads_back_as_it_was(hub: Hub, proving: Proving) -> None:
    """HUB-10."""
    verdict = proving()
    kept = proofs.latest(proving.kept, BOSS, STORE)
    proof: StreamProof = next(row.proof for row in kept if row.proof.origin)
    assert (proof.hash, proof.last, proof.documents) == (verdict.streams[0].head, 8, 6)
    assert proofs.latest(proving.kept, BOSS, "S9") == []
