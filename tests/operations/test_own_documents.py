"""A station's own documents: lists, preview, prints, fiscalisation, internal goods (DOC-03, DOC-10, DOC-11, DOC-32)."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kontuar.domain.documents.messages import Printed, read_body
from kontuar.domain.parties import rights
from kontuar.kernel.connectivity import Connectivity
from kontuar.operations.ports.station import DocumentQuery
from kontuar.operations.station import approval, own_documents, payments, till
from kontuar.operations.station.station import Station
from refusals import refused
from shop import (
    MILK,
    MILK_EAN,
    NUTS,
    TILE,
    WATER,
    actor_of,
    cashier,
    everything,
    fill,
    know_stock,
    messages,
    move_cash,
    move_goods,
    open_till,
    sell,
)  # fmt: skip

EWA = actor_of()


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return open_till(tmp_path)


def numbers(station: Station, actor=EWA, **query: object) -> list[int]:
    """Ordinals on the first page."""
    page = own_documents.page(station, actor, DocumentQuery(**query))  # type: ignore[arg-type]
    return [int(row.number.split("/")[3]) for row in page.rows]


def test_a_list_shows_the_newest_first_and_only_its_family(station: Station) -> None:
    """DOC-11."""
    for _ in range(3):
        sell(station, MILK)
    move_cash(station, "cash_in", "5")
    move_goods(station, "internal_receipt", MILK)
    assert numbers(station) == [3, 2, 1]
    for family, kind in (("cash", "cash_in"), ("goods", "internal_receipt")):
        page = own_documents.page(station, EWA, DocumentQuery(family=family))
        assert [row.type for row in page.rows] == [kind]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
def test_pages_are_complete_and_without_doubles_while_selling_goes_on(station: Station, limit: int) -> None:
    """DOC-10, DOC-13: by key, so that new documents push nothing over the edge of a page."""
    for _ in range(7):
        sell(station, MILK)
    seen: list[str] = []
    before: int | None = None
    while True:
        page = own_documents.page(station, EWA, DocumentQuery(limit=limit, before=before))
        seen += [row.number[8:] for row in page.rows]
        sell(station, WATER)
        if page.next is None:
            break
        before = page.next
    assert seen == [f"/11/{ordinal:05}/POS1" for ordinal in range(7, 0, -1)]


def test_a_page_is_never_endless(station: Station) -> None:
    sell(station, MILK)
    assert len(own_documents.page(station, EWA, DocumentQuery(limit=10**9)).rows) == 1
    assert len(own_documents.page(station, EWA, DocumentQuery(limit=-1)).rows) == 1


def test_without_all_documents_one_sees_ones_own(station: Station) -> None:
    """HUB-15, SEC-01."""
    sell(station, MILK)
    mine = sell(station, WATER, actor=cashier())
    assert numbers(station, cashier()) == [2]
    assert numbers(station, cashier(), operator="EWA") == [2]
    assert own_documents.preview(station, cashier(), mine.doc_id).document == mine
    foreign = own_documents.page(station, EWA, DocumentQuery(operator="EWA")).rows[0].doc_id
    with refused("right.missing"):
        own_documents.preview(station, cashier(), foreign)
    with refused("right.missing"):
        own_documents.page(station, actor_of(rights.SELL), DocumentQuery())


def test_filters_narrow_by_value_day_type_and_state(tmp_path: Path) -> None:
    """DOC-11."""
    station = open_till(tmp_path, fiscal_device=True)
    sell(station, MILK)
    sell(station, TILE, TILE)
    done = sell(station, WATER)
    own_documents.fiscalised(station, EWA, done.doc_id, "F123", "printer")
    assert numbers(station, least=300, most=500) == [1]
    assert numbers(station, from_day="2026-11-21", to_day="2026-11-21") == [3, 2, 1]
    assert numbers(station, to_day="2026-11-20") == []
    assert numbers(station, types=("cash_in",)) == []
    assert numbers(station, state="fiscalised") == [3]
    assert numbers(station, state="not_fiscalised") == [2, 1]
    assert numbers(station, state="settled") == [3, 2, 1]
    assert numbers(station, state="unsettled") == []
    assert numbers(station, state="no such state") == []


def test_a_list_of_days_has_every_document_of_theirs_newest_first(tmp_path: Path) -> None:
    """DOC-11, DOC-13: also where a day comes back after a later one; the first receipt is of the 21st."""
    station = open_till(tmp_path)
    sold, documents = sell(station, MILK), station.books.documents
    with station.books.transaction():
        for ordinal, day in enumerate((19, 20, 21, 20, 21, 22, 22, 24), 2):
            number, on = f"PAR/2026/11/{ordinal:05}/POS1", datetime.date(2026, 11, day)
            more = msgspec.structs.replace(sold, doc_id=f"D{ordinal}", number=number, business_day=on)
            documents.add(more, ordinal, fiscal="")
    first, last = "2026-11-20", "2026-11-22"
    assert numbers(station, from_day=first, to_day=first) == [5, 3]
    assert numbers(station, from_day=first, to_day=last) == [8, 7, 6, 5, 4, 3, 1]
    assert numbers(station, from_day=first, to_day=last, limit=2) == [8, 7]
    assert numbers(station, from_day=first, to_day=last, before=7, types=("receipt",), operator="EWA") == [
        6,
        5,
        4,
        3,
        1,
    ]
    assert numbers(station, from_day=last) == [9, 8, 7]
    assert numbers(station, to_day="2026-11-20") == [5, 3, 2]
    assert numbers(station, from_day="2026-11-25") == []
    assert numbers(station, from_day="2026-11-23", to_day="2026-11-23") == []
    assert numbers(station, from_day=last, to_day=first) == []


DAYS = [
    {"from_day": "2026-11-21", "to_day": "2026-11-21"},
    {"from_day": "2026-11-16", "to_day": "2026-11-22"},
    {"from_day": "2026-11-16"},
    {"to_day": "2026-11-22"},
]


@pytest.mark.parametrize("days", DAYS)
@pytest.mark.parametrize("more", [{}, {"types": ("receipt",)}, {"operator": "EWA"}, {"least": 1}, {"before": 90}])
def test_no_list_of_days_sorts_what_it_does_not_show(
    station: Station, days: dict[str, str], more: dict[str, object]
) -> None:
    """PERF-08: a page of a day costs the same whether it has fifty documents or thirty thousand."""
    query = DocumentQuery(**days, **more)  # type: ignore[arg-type]
    documents = station.books.documents
    asked: list[tuple[str, Sequence[object]]] = []
    database = documents._database  # type: ignore[attr-defined]
    rows = database.rows

    def noted(statement: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        asked.append((statement, values))
        return list(rows(statement, values))

    database.rows = noted
    documents.page(query)
    statement, values = asked[0]
    plan = " ".join(row[3] for row in rows(f"EXPLAIN QUERY PLAN {statement}", values))
    assert "TEMP B-TREE" not in plan
    assert "SEARCH d USING INDEX document_" in plan


def test_text_finds_any_part_of_a_number_or_of_the_contractors_name(station: Station) -> None:
    """DOC-11: `%` and a part of the name; case and accents do not matter."""
    sell(station, MILK)
    draft = fill(station, MILK)
    till.set_buyer(station, EWA, draft.doc_id, "ANNA")
    payments.assign(station, EWA, draft.doc_id, "cash")
    approval.approve(station, EWA, draft.doc_id)
    for text in ("par/2026", "0002/PO", "PAR/2026/11/00002/POS1"):
        assert 2 in numbers(station, text=text)
    assert numbers(station, text="00001") == [1]
    assert numbers(station, text="%nowak") == [2]
    assert numbers(station, text="%NIEOKREŚLON") == [1]
    assert numbers(station, text="2/P") == [2]
    assert numbers(station, text="%Kowalski") == []


def test_an_ean_finds_the_documents_with_that_article(station: Station) -> None:
    """DOC-11."""
    sell(station, WATER)
    sell(station, MILK, WATER)
    assert numbers(station, text=MILK_EAN) == [2]
    assert numbers(station, text="2000000000404") == []


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=12))
def test_whatever_is_typed_into_the_search_field_is_an_answer(station: Station, text: str) -> None:
    """SEC-04: no text is a command."""
    for query in (text, f"%{text}"):
        own_documents.page(station, EWA, DocumentQuery(text=query))


def test_the_preview_tells_the_whole_history(tmp_path: Path) -> None:
    """DOC-03, SALE-05."""
    station = open_till(tmp_path, fiscal_device=True)
    sold = sell(station, MILK)
    own_documents.fiscal_failed(station, EWA, sold.doc_id, "paper.out", uncertain=False)
    own_documents.fiscalised(station, EWA, sold.doc_id, "F77", "printer")
    own_documents.count_print(station, EWA, sold.doc_id, "receipt_printer")
    stored = own_documents.preview(station, EWA, sold.doc_id)
    assert [entry.event for entry in stored.history] == ["approved", "fiscal_failed", "fiscalised", "printed"]
    assert stored.history[1].facts == {"code": "paper.out"}
    assert (stored.fiscal_number, stored.row.fiscal, stored.prints) == ("F77", "done", 1)
    assert stored.document == sold
    with refused("document.not_found"):
        own_documents.preview(station, EWA, "no such id")


def test_a_sale_is_fiscalised_once(tmp_path: Path) -> None:
    """SALE-05, REL-08."""
    station = open_till(tmp_path, fiscal_device=True)
    sold = sell(station, MILK)
    own_documents.fiscalised(station, EWA, sold.doc_id, "F1", "printer")
    before = everything(station)
    with refused("fiscal.not_waiting"):
        own_documents.fiscalised(station, EWA, sold.doc_id, "F2", "printer")
    assert everything(station) == before
    assert read_body(messages(station)[-1]).fiscal_number == "F1"


def test_marking_as_fiscalised_needs_its_right(tmp_path: Path) -> None:
    """SALE-05."""
    station = open_till(tmp_path, fiscal_device=True)
    sold = sell(station, MILK, actor=cashier())
    with refused("right.missing"):
        own_documents.fiscalised(station, cashier(), sold.doc_id, "", "", marked=True)
    own_documents.fiscalised(station, EWA, sold.doc_id, "", "", marked=True)
    assert own_documents.preview(station, EWA, sold.doc_id).history[-1].event == "marked_fiscalised"
    assert read_body(messages(station)[-1]).marked


def test_every_print_after_the_first_is_a_copy_and_all_are_counted(station: Station) -> None:
    """DOC-32."""
    sold = sell(station, MILK)
    marks = [own_documents.count_print(station, EWA, sold.doc_id, "pdf")[1] for _ in range(3)]
    assert marks == [False, True, True]
    assert own_documents.preview(station, EWA, sold.doc_id).prints == 3
    assert read_body(messages(station)[-1]) == Printed(doc_id=sold.doc_id, number=sold.number, where="pdf", copy=True)


def test_drafts_are_shown_to_those_who_may_issue_them(station: Station) -> None:
    receipt = fill(station, MILK)
    till.begin(station, EWA, "cash_out")
    assert [row.doc_id for row in own_documents.drafts(station, cashier())] == [receipt.doc_id]
    assert len(own_documents.drafts(station, EWA)) == 2


def test_a_receipt_is_corrected_and_never_cancelled(station: Station) -> None:
    """DOC-02."""
    sold = sell(station, MILK)
    before = everything(station)
    with refused("step.not_allowed"):
        own_documents.cancel(station, EWA, sold.doc_id)
    assert everything(station) == before


# -- internal goods ---------------------------------------------------------------------------------------------


def test_goods_are_released_and_received_with_a_reason(station: Station) -> None:
    """REL-07."""
    know_stock(station, MILK="5", NUTS="1")
    out = move_goods(station, "internal_release", MILK, MILK)
    assert (out.number, out.totals.gross, out.reason) == ("RW/2026/11/00001/POS1", 0, "LOSS")
    assert [(move.from_place, move.to_place, move.effect) for move in out.stock_moves] == [
        ("S1M", "@internal", "release")
    ] * 2
    move_goods(station, "internal_receipt", NUTS)
    assert station.books.stock.balances([MILK, NUTS]) == {("S1M", MILK): Decimal(3), ("S1M", NUTS): Decimal(2)}


def test_goods_that_are_not_there_are_not_released(station: Station) -> None:
    """DOC-05: lines of one article count together."""
    know_stock(station, MILK="1")
    before_number = move_goods(station, "internal_release", MILK).number
    with refused("stock.too_low"):
        move_goods(station, "internal_release", MILK)
    assert before_number == "RW/2026/11/00001/POS1"
    assert station.books.stock.balances([MILK]) == {("S1M", MILK): Decimal(0)}


def test_internal_goods_wait_for_the_agent(tmp_path: Path) -> None:
    """DOC-02: least connectivity; the draft stays."""
    station = open_till(tmp_path, level=Connectivity.OFFLINE)
    with refused("connectivity.too_low"):
        move_goods(station, "internal_receipt", MILK)
    assert len(station.books.drafts.every()) == 1


def test_a_cancelled_release_brings_the_goods_back(station: Station) -> None:
    """REL-07, REL-08."""
    know_stock(station, MILK="5")
    out = move_goods(station, "internal_release", MILK)
    own_documents.cancel(station, EWA, out.doc_id, "found again")
    assert station.books.stock.balances([MILK]) == {("S1M", MILK): Decimal(5)}
    told = read_body(messages(station)[-1])
    assert [(move.effect, move.quantity) for move in told.stock_moves] == [("release_cancelled", -1)]


def test_a_receipt_of_goods_is_not_cancelled_once_they_are_sold(station: Station) -> None:
    """REL-07."""
    know_stock(station, MILK="0")
    came = move_goods(station, "internal_receipt", MILK)
    sell(station, MILK)
    with refused("stock.too_low"):
        own_documents.cancel(station, EWA, came.doc_id)


def test_cancelling_goods_needs_right_and_agent(station: Station) -> None:
    """SEC-01, DOC-05."""
    came = move_goods(station, "internal_receipt", MILK)
    station.connectivity = lambda: Connectivity.OFFLINE
    with refused("right.missing", "connectivity.too_low"):
        without = msgspec.structs.replace(EWA, rights=EWA.rights - {rights.CANCEL_GOODS})
        own_documents.cancel(station, without, came.doc_id)
