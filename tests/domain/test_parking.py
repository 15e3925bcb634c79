"""The rules of parking with exact values: numbers, leases, saves, offers (PARK-05, PARK-06, PARK-09, PARK-15)."""

from __future__ import annotations

import datetime
from decimal import Decimal
from uuid import UUID

import msgspec
import pytest

from kontuar.domain.documents import parking
from kontuar.domain.documents.document import Buyer, Document, Line, Totals
from kontuar.domain.documents.parking import FREE, Gone, Hold, Parked, ParkedRow
from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.errors import Refused
from kontuar.kernel.ids import parse_id
from kontuar.kernel.money import Minor

DOC = "019a9c1e-5e00-7000-8000-000000000001"
HELD = Hold(station="K1", token=7, by="104")
ROW = ParkedRow(doc_id=DOC, version=3, type="receipt", ean="", station="K1", modified_at="2026-03-02T08:00:00Z")


def parked(hold: Hold = FREE, *, base: int = 2, token: int = 7, **row: object) -> Parked:
    return Parked(row=msgspec.structs.replace(ROW, **row), base=base, token=token, hold=hold)


def refusal(call: object, *arguments: object, **named: object) -> tuple[str, dict[str, str]]:
    with pytest.raises(Refused) as refused:
        call(*arguments, **named)  # type: ignore[operator]
    (problem,) = refused.value.problems
    return problem.code, dict(problem.facts)


# -- numbers ------------------------------------------------------------------------------------------------
def test_the_ean_follows_from_the_identity_and_ends_in_its_check_digit() -> None:
    """PARK-09: 20 digits, the same at every node and after every loss."""
    ean = parking.ean_of(DOC)
    assert ean == "37737518032819900021"
    assert parking.is_parking_ean(ean)
    assert parking.ean_of(DOC, 1) == "78274325469141325403"


@pytest.mark.parametrize(
    ("digits", "check"), [("590123412345", "7"), ("629104150021", "3"), ("00000000", "0"), ("5421161865130788257", "4")]
)
def test_the_check_digit_is_that_of_gs1(digits: str, check: str) -> None:
    assert parking.check_digit(digits) == check


def test_one_wrong_digit_or_two_neighbours_changed_over_are_found() -> None:
    """All single digits; neighbours except those that differ by five, as with every GS1 number."""
    ean = parking.ean_of(DOC)
    for place in range(20):
        for digit in "0123456789":
            assert parking.is_parking_ean(ean[:place] + digit + ean[place + 1 :]) == (digit == ean[place])
    for place in range(1, 19):
        a, b = ean[place], ean[place + 1]
        swapped = ean[:place] + b + a + ean[place + 2 :]
        assert parking.is_parking_ean(swapped) == (abs(int(a) - int(b)) in (0, 5))


@pytest.mark.parametrize("text", ["", "1", "5901234123457", "00" + "1" * 18, "٤" * 20, "3773751803281990002x"])
def test_what_is_not_twenty_digits_or_begins_with_nought_is_none(text: str) -> None:
    assert not parking.is_parking_ean(text)


def test_a_hundred_thousand_documents_have_no_two_eans_alike() -> None:
    assert len({parking.ean_of(f"D{number}") for number in range(100_000)}) == 100_000


def test_a_temporary_number_is_its_prefix_and_five_digits_at_least() -> None:
    """PARK-09."""
    assert parking.temporary_number("TMP-", 7) == "TMP-00007"
    assert parking.temporary_number("TMP-", 123_456) == "TMP-123456"
    assert [parking.ordinal_of("TMP-", text) for text in ("TMP-00007", "OLD-00007", "TMP-", "TMP-x")] == [7, 0, 0, 0]
    assert parking.ordinal_of("", "00007") == 0


def test_a_token_is_higher_than_the_last_and_not_below_the_time() -> None:
    """A restored database does not know the last ones: times go on growing."""
    assert parking.next_token(0, 1_700_000_000_000) == 1_700_000_000_000
    assert parking.next_token(1_700_000_000_000, 1_700_000_000_000) == 1_700_000_000_001
    assert parking.next_token(1_800_000_000_000, 1_700_000_000_000) == 1_800_000_000_001


def test_a_conflict_copy_has_an_identity_of_its_own_that_the_same_bytes_have_again() -> None:
    """PARK-15."""
    first, other = parking.copy_id(DOC, b"a"), parking.copy_id(DOC, b"b")
    assert first == parking.copy_id(DOC, b"a") != other
    assert parse_id(first, "") == first
    assert (UUID(first).version, UUID(first).variant) == (8, UUID(DOC).variant)


def draft() -> Document:
    line = Line(
        number=1, article="MIX", name="Hand mixer", kind="goods", unit="PCS", precision=0, quantity=Decimal(1),
        base_quantity=Decimal(1), base_price=Decimal("99.9900"), initial_price=Decimal("99.99"), price=Decimal("99.99"),
        value=Minor(9999), vat="A", percent=Decimal(23), letter="A",
    )  # fmt: skip
    return Document(
        doc_id=DOC, type="receipt", created_at=datetime.datetime(2026, 3, 2, 8, tzinfo=datetime.UTC), created_by="101",
        store="S1", station="K3", warehouse="W1", currency="PLN", handler="104", foreign_number="F/1",
        buyer=Buyer(code="C1", name="Jan Nowak"), lines=(line,), totals=Totals(net=Minor(8129), gross=Minor(9999)),
    )  # fmt: skip


def test_bytes_under_another_identity_stay_what_they_are_otherwise() -> None:
    content = msgspec.json.decode(encode(draft()), type=dict)
    newer = encode({**content, "field_of_a_newer_program": {"a": [1, "2.50"]}, "parked": {"doc_id": DOC}})
    moved = parking.with_identity(newer, "X")
    assert decode(moved, Document) == msgspec.structs.replace(draft(), doc_id="X")
    assert msgspec.json.decode(moved)["field_of_a_newer_program"] == {"a": [1, "2.50"]}


def test_the_list_shows_a_draft_with_its_amounts_and_who_changed_it_where() -> None:
    """PARK-10."""
    row = parking.row_of(draft(), station="K2", modified_at="2026-03-02T09:00:00.000000Z", modified_by="102")
    assert row == ParkedRow(
        doc_id=DOC, version=0, type="receipt", ean=parking.ean_of(DOC), original_number="F/1", buyer_name="Jan Nowak",
        handler="104", created_at="2026-03-02T08:00:00.000000Z", created_by="101",
        modified_at="2026-03-02T09:00:00.000000Z", modified_by="102", station="K2", net=8129, gross=9999,
        currency="PLN",
    )  # fmt: skip


# -- leases -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("take_over", [False, True])
def test_what_nobody_holds_or_oneself_is_given(take_over: bool) -> None:
    """PARK-05."""
    assert parking.opening(parked(), live=False, asker="K2", take_over=take_over) == "give"
    assert parking.opening(parked(HELD), live=True, asker="K1", take_over=take_over) == "give"
    assert parking.opening(parked(HELD), live=False, asker="K2", take_over=take_over) == "give"
    assert parking.opening(parked(HELD, approving="K1"), live=True, asker="K1", take_over=take_over) == "give"


def test_what_another_station_holds_is_said_where_unless_it_is_taken_over() -> None:
    """PARK-05, PARK-06."""
    told = refusal(parking.opening, parked(HELD), live=True, asker="K2", take_over=False)
    assert told == ("parking.held_elsewhere", {"station": "K1", "operator": "104"})
    assert parking.opening(parked(HELD), live=True, asker="K2", take_over=True) == "take_over"


@pytest.mark.parametrize("live", [False, True])
def test_what_is_being_approved_is_not_free_when_its_lease_ran_out(live: bool) -> None:
    """PARK-08."""
    waiting = parked(HELD, approving="K1")
    told = refusal(parking.opening, waiting, live=live, asker="K2", take_over=False)
    assert told == ("parking.being_approved", {"station": "K1"})
    assert parking.opening(waiting, live=live, asker="K2", take_over=True) == "take_over"


def test_only_the_last_token_in_its_holders_hand_holds() -> None:
    parking.holding(parked(HELD), 7, "K1")
    parking.holding(parked(msgspec.structs.replace(HELD, lapsed=True)), 7, "K1")
    assert refusal(parking.holding, parked(HELD), 6, "K1") == ("parking.lease_lost", {"station": "K1"})
    assert refusal(parking.holding, parked(HELD), 7, "K2") == ("parking.lease_lost", {"station": "K1"})
    assert refusal(parking.holding, parked(station="K4"), 0, "") == ("parking.lease_lost", {"station": "K4"})


# -- saving -------------------------------------------------------------------------------------------------
def save(
    what: Parked,
    *,
    live: bool = False,
    asker: str = "K1",
    base: int = 3,
    token: int = 7,
    at: str = "",
    copy: bool = False,
) -> str:
    return parking.saving(what, live=live, asker=asker, base=base, token=token, modified_at=at, as_copy=copy)


def test_a_save_on_the_last_version_under_its_lease_is_the_next() -> None:
    assert save(parked(HELD), live=True) == "next"
    assert save(parked(HELD), live=True, token=0) == "next"
    assert save(parked(), asker="K2", token=0) == "next"
    assert save(parked(msgspec.structs.replace(HELD, lapsed=True))) == "next"


def test_a_save_past_anothers_lease_or_on_an_old_version_is_a_copy() -> None:
    """PARK-15."""
    assert save(parked(HELD), live=True, asker="K2", token=0) == "copy"
    assert save(parked(HELD), live=True, asker="K2", token=6) == "copy"
    assert save(parked(HELD), live=True, token=6) == "copy"
    assert save(parked(HELD), live=True, base=2, token=7) == "copy"
    assert save(parked(), asker="K2", base=2, token=0) == "copy"
    assert save(parked(HELD), live=True, copy=True) == "copy"


def test_a_lease_that_was_taken_over_saves_no_more() -> None:
    """PARK-06: refused by the fencing token, also when the new holder has given it back."""
    taken = msgspec.structs.replace(parked(Hold(station="K2", token=8, by="102")), taken_over=(7,))
    told = refusal(save, taken, live=True)
    assert told == ("parking.lease_lost", {"station": "K2"})
    back = msgspec.structs.replace(parked(station="K2"), taken_over=(7,), token=8)
    assert refusal(save, back) == ("parking.lease_lost", {"station": "K2"})
    as_it_was = msgspec.structs.replace(parked(station="K2"), taken_over=(7,), token=6)
    assert refusal(save, as_it_was) == ("parking.lease_lost", {"station": ""})
    assert save(taken, live=True, copy=True) == "copy"


def test_a_station_that_missed_the_answer_to_its_own_save_goes_on() -> None:
    later, sooner = "2026-03-02T08:00:01Z", "2026-03-02T07:59:59Z"
    assert save(parked(), base=2, at=later) == "next"
    assert save(parked(), base=2, at=later, token=0) == "next"
    assert save(parked(), base=2, at=sooner) == "copy"
    assert save(parked(), base=2, at=later, asker="K2") == "copy"
    assert save(parked(), base=2, at=later, token=5) == "copy"


# -- offers -------------------------------------------------------------------------------------------------
KNOWN = {3: b"three", 5: b"five"}


@pytest.mark.parametrize(
    ("version", "token", "digest", "fate"),
    [
        (5, 20, b"five", "known"),
        (3, 10, b"three", "known"),
        (5, 20, b"else", "copied"),
        (3, 10, b"else", "copied"),
        (6, 20, b"six", "taken"),
        (6, 21, b"six", "taken"),
        (6, 19, b"six", "copied"),
        (4, 20, b"four", "older"),
        (2, 5, b"two", "older"),
        (4, 21, b"four", "copied"),
    ],
)
def test_an_offered_copy_is_known_newer_older_or_another_document(
    version: int, token: int, digest: bytes, fate: str
) -> None:
    """PARK-15: a higher version with a lower token is from before the loss, and ours was changed since."""
    buffer = parked(token=20, version=5)
    assert parking.offering(buffer, KNOWN, version=version, token=token, digest=digest) == fate


def test_an_approval_ends_its_version_and_a_stations_own_last_save_but_nobody_elses() -> None:
    """PARK-08."""
    assert parking.ends_with(parked(), version=3, station="K2")
    assert parking.ends_with(parked(), version=4, station="K2")
    assert not parking.ends_with(parked(), version=2, station="K2")
    assert parking.ends_with(parked(), version=2, station="K1")
    assert not parking.ends_with(parked(base=1), version=1, station="K2")
    assert not parking.ends_with(parked(base=2), version=1, station="K1"), "it went on knowingly since"


def test_only_a_later_copy_outlives_an_approval() -> None:
    gone = Gone(reason="approved", version=3, number="PAR/1")
    assert [parking.outlives(gone, version) for version in (2, 3, 4)] == [False, False, True]
