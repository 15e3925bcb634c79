"""What cannot be booked at the hub is parked with its reason, on a real PostgreSQL; everything else passes."""

from decimal import Decimal

import msgspec
import pytest

from hub_documents_world import (
    Hub,
    Till,
    line,
    new_id,
    with_effects,
)
from kontuar.domain.documents.messages import TechnicalEvent
from kontuar.domain.stock.records import CUSTOMER
from kontuar.kernel.money import Minor
from kontuar.operations.incoming import receive

pytestmark = pytest.mark.postgres


@pytest.fixture
def till() -> Till:
    opened = Till()
    opened.open_shift()
    return opened


def arrive(hub: Hub, till: Till) -> None:
    hub.push(till)
    hub.book()


def test_an_unknown_article_parks_the_document_and_what_depends_on_it_and_nothing_else(hub: Hub, till: Till) -> None:
    """REL-09, HUB-05: kept whole with the reason; the goods count as moved, unbooked."""
    till.sell((1, 1))
    bad = till.sell((99, 2), (1, 1))
    till.fiscalise(bad)
    till.sell((1, 1))
    arrive(hub, till)
    assert hub.reasons() == [(3, "article.undefined"), (4, "depends_on.parked")]
    assert hub.one("SELECT count(*) FROM document") == 2
    assert hub.balance("A00099") == (Decimal(0), Decimal(-2))
    assert hub.balance("A00001") == (Decimal(-2), Decimal(-1))


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("warehouse.undefined", {"warehouse": "NOWHERE"}),
        ("operator.undefined", {"approved_by": "ghost"}),
        ("shift.never_opened", {"shift_id": "other"}),
        ("number.gap", {"number": "PAR/2026/11/00007/POS1"}),
        ("number.unreadable", {"number": "what is this"}),
        ("document.incomplete", {"store": "S2"}),
    ],
)
def test_what_cannot_be_booked_is_parked_with_its_reason(
    hub: Hub, till: Till, reason: str, changes: dict[str, str]
) -> None:
    """HUB-05: each reason has a code; the next document passes."""
    till.sell((1, 1), **changes)
    arrive(hub, till)
    assert hub.reasons() == [(2, reason)]
    assert hub.one("SELECT count(*) FROM document") == 0
    assert hub.balance("A00001") == (Decimal(0), Decimal(-1))


def test_sums_that_do_not_add_up_park_the_document(hub: Hub, till: Till) -> None:
    """SALE-07: the hub computes them anew and never reprices."""
    document = till.sell((1, 1))
    wrong = msgspec.structs.replace(
        document, doc_id=new_id(), number=till.next_number(),
        totals=msgspec.structs.replace(document.totals, gross=Minor(1)),
    )  # fmt: skip
    till.say("receipt.approved/1", wrong, wrong.doc_id)
    arrive(hub, till)
    assert hub.reasons() == [(3, "document.sums_differ")]


def test_an_unknown_payment_form_parks_the_document(hub: Hub, till: Till) -> None:
    """HUB-05."""
    document = till.sell((1, 1))
    paid = tuple(msgspec.structs.replace(payment, form="beads") for payment in document.payments)
    other = with_effects(
        msgspec.structs.replace(document, doc_id=new_id(), number=till.next_number(), payments=paid), "sale", CUSTOMER
    )
    till.say("receipt.approved/1", other, other.doc_id)
    arrive(hub, till)
    assert hub.reasons() == [(3, "payment_form.undefined")]


def test_a_number_used_twice_is_parked_and_the_series_goes_on(hub: Hub, till: Till) -> None:
    """REL-05: duplicates are named; a parked document still used its number."""
    till.sell((1, 1))
    till.sell((1, 1), number="PAR/2026/11/00001/POS1")
    till.sell((1, 1))
    arrive(hub, till)
    assert hub.reasons() == [(3, "number.repeated")]
    assert hub.rows("SELECT number FROM document ORDER BY number") == [
        ("PAR/2026/11/00001/POS1",),
        ("PAR/2026/11/00002/POS1",),
    ]


def test_after_a_gap_only_the_document_behind_it_is_parked(hub: Hub, till: Till) -> None:
    """REL-05, REL-09."""
    till.sell((1, 1))
    till.next_number()
    till.sell((1, 1))
    till.sell((1, 1))
    arrive(hub, till)
    assert hub.reasons() == [(3, "number.gap")]
    assert hub.one("SELECT last_ordinal FROM number_series") == 4


def test_a_series_belongs_to_one_stream(hub: Hub, till: Till) -> None:
    """REL-05, REL-13: a till brought back from a backup must open a new series."""
    till.sell((1, 1))
    clone = Till(life="life2")
    clone.open_shift("shift2")
    clone.sell((1, 1), shift_id="shift2")
    arrive(hub, till)
    arrive(hub, clone)
    assert hub.rows("SELECT incarnation, reason FROM verification_item WHERE state = 'parked'") == [
        ("life2", "number.series_foreign")
    ]


def test_the_same_document_id_with_other_content_is_kept_and_parked(hub: Hub, till: Till) -> None:
    """REL-02, REL-05: never deduplicated; both are shown."""
    document = till.sell((1, 1))
    other = msgspec.structs.replace(document, number=till.next_number(), description="other")
    till.say("receipt.approved/1", other, other.doc_id)
    acknowledged = hub.push(till)
    assert acknowledged.parked == ((document.doc_id, "message.id_conflict"),)
    hub.book()
    assert hub.one("SELECT count(*) FROM message WHERE message_id = %s", document.doc_id) == 2
    assert hub.reasons() == [(3, "message.id_conflict")]
    assert hub.balance("A00001") == (Decimal(-1), Decimal(-1))


def test_a_bad_signature_parks_the_message_with_its_bytes(hub: Hub, till: Till) -> None:
    """SEC-02, HUB-05."""
    till.sell((1, 1))
    hub.bad_seals.add(till.messages[-1].hash)
    assert hub.push(till).held.seq == 2
    hub.book()
    assert hub.reasons() == [(2, "signature.bad")]
    assert hub.one("SELECT payload FROM message WHERE seq = 2") == till.messages[1].payload


def test_bodies_that_cannot_be_read_and_kinds_of_a_newer_till_are_kept(hub: Hub, till: Till) -> None:
    """REL-16: parked, never refused; the stream goes on."""
    till.say("receipt.approved/1", msgspec.Raw(b'{"nonsense":1}'))
    till.say("hologram.approved/1", msgspec.Raw(b'{"doc_id":"x"}'))
    till.say_bytes(b"not json at all")
    till.say("station.event/1", msgspec.Raw(b'{"event":"\\u0000","facts":{}}'))
    till.say_bytes(b"[" * 100_000)
    till.say("station.event/1", TechnicalEvent(event="clock.jump", facts={"by": "1"}))
    till.sell((1, 1))
    arrive(hub, till)
    assert hub.reasons() == [
        (2, "message.unreadable"),
        (3, "message.kind_unknown"),
        (4, "message.unreadable"),
        (5, "message.unreadable"),
        (6, "message.unreadable"),
    ]
    assert hub.one("SELECT count(*) FROM document") == 1
    assert hub.one("SELECT count(*) FROM technical_event") == 1


def test_a_message_that_says_it_is_of_another_stream_is_parked(hub: Hub, till: Till) -> None:
    """REL-03: what an agent or thief copies from one stream into another is not booked."""
    thief = Till("POS9", life="life9")
    thief.open_shift("shift9")
    copied = till.say("station.event/1", TechnicalEvent(event="x"))
    thief.say_bytes(copied.payload)
    arrive(hub, thief)
    assert hub.reasons() == [(2, "message.elsewhere")]


def test_figures_that_no_ledger_can_hold_are_parked_not_rounded(hub: Hub, till: Till) -> None:
    """REL-06: more than four decimals, not a number, beyond any shop's size."""
    for quantity in (Decimal("0.00001"), Decimal("NaN"), Decimal("1E+30")):
        row = msgspec.structs.replace(line(1, 1, 1), quantity=quantity, base_quantity=quantity)
        good = till.sell((1, 1))
        bad = msgspec.structs.replace(good, doc_id=new_id(), number=till.next_number(), lines=(row,))
        till.say("receipt.approved/1", bad, bad.doc_id)
    arrive(hub, till)
    assert [reason for _, reason in hub.reasons()] == ["document.figures_out_of_range"] * 3
    assert hub.one("SELECT count(*) FROM document") == 3


def test_what_the_database_refuses_parks_alone(hub: Hub, till: Till) -> None:
    """REL-09: a fault that no check foresaw parks one message; its batch passes."""
    bad = till.sell((1, 1))
    till.sell((1, 1))
    with hub.database.transaction():
        hub.database.connection.execute(f"ALTER TABLE document ADD CONSTRAINT fault CHECK (doc_id <> '{bad.doc_id}')")
    arrive(hub, till)
    assert hub.reasons() == [(2, "message.unbookable")]
    assert hub.one("SELECT count(*) FROM document") == 1
    assert hub.balance("A00001") == (Decimal(-1), Decimal(-1))


def test_a_fact_about_a_document_that_never_came_is_a_broken_link(hub: Hub, till: Till) -> None:
    """HUB-05."""
    elsewhere = Till("POS9")
    till.fiscalise(elsewhere.sell((1, 1)))
    arrive(hub, till)
    assert hub.reasons() == [(2, "document.missing")]


def test_what_waits_for_another_stream_is_released_when_it_comes(hub: Hub, till: Till) -> None:
    """REL-09: parked for a missing document, booked the moment the document is."""
    other = Till("POS2", life="life2")
    other.open_shift("shift2")
    document = other.sell((1, 1), shift_id="shift2")
    till.fiscalise(document)
    arrive(hub, till)
    assert hub.reasons() == [(2, "document.missing")]
    arrive(hub, other)
    assert hub.reasons() == []
    assert hub.rows("SELECT event FROM document_history") == [("fiscalised",)]


def test_a_fork_is_kept_listed_and_closes_the_incarnation(hub: Hub, till: Till) -> None:
    """REL-05, REL-13: forked documents are kept whole and counted as real sales that wait for a person."""
    till.sell((1, 1))
    hub.push(till)
    fork = Till()
    fork.open_shift()
    fork.sell((1, 3))
    acknowledged = receive(fork.batch(), hub.log, receiver="hub", epoch="e", is_hub=True)
    assert acknowledged.forked == (fork.messages[1].hash.hex(),)
    assert acknowledged.closed == ("life1",)
    hub.book()
    assert hub.rows("SELECT forked, reason FROM verification_item WHERE state = 'parked' AND seq = 2") == [
        (True, "stream.forked")
    ]
    assert hub.balance("A00001") == (Decimal(-1), Decimal(-3))
