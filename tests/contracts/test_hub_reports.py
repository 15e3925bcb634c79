"""Sums for reports on a real PostgreSQL: they follow booking exactly, whatever is cancelled or comes late (HUB-08)."""

import datetime
from collections.abc import Iterator
from decimal import Decimal

import pytest

from hub_documents_world import DAY, NOON, Hub, Till, article
from kontuar.domain.documents.messages import DraftDiscarded, LineVoided, TechnicalEvent
from kontuar.domain.parties import rights
from kontuar.kernel.errors import Refused
from kontuar.operations.actor import Actor
from kontuar.operations.hub.reports import fold_waiting, losses, sales
from kontuar.operations.hub.verification import accept, items
from kontuar.operations.ports.hub_lists import ItemFilter, ReportFilter
from kontuar.storage.postgres.reports import PostgresReportShelf
from kontuar.storage.postgres.verification import PostgresVerificationShelf

pytestmark = pytest.mark.postgres
BOSS = Actor(operator="boss", name="Boss", rights=frozenset({rights.SEE_REPORTS, rights.SEE_HUB, rights.VERIFY}))
WEEK = ReportFilter(day_from=DAY - datetime.timedelta(days=6), day_to=DAY)


class Office:
    """A hub and its reports."""

    def __init__(self, url: str) -> None:
        self.hub = Hub(url)
        self.shelf = PostgresReportShelf(self.hub.database)

    def arrive(self, till: Till) -> None:
        self.hub.push(till)
        self.hub.book()

    def by(self, key: str, wanted: ReportFilter = WEEK) -> dict[str, int]:
        """Key → gross."""
        return {line.now.key: line.now.gross for line in sales(self.shelf, BOSS, wanted, key).lines}


@pytest.fixture
def office(postgres_url: str) -> Iterator[Office]:
    world = Office(postgres_url)
    yield world
    world.hub.database.close()


@pytest.fixture
def till() -> Till:
    opened = Till()
    opened.open_shift()
    return opened


def test_sales_are_summed_by_every_key(office: Office, till: Till) -> None:
    """HUB-08: goods issued inside the firm are no sale."""
    till.sell((1, 2), (2, 1))
    till.sell((1, 1), business_day=DAY - datetime.timedelta(days=1), approved_at=NOON - datetime.timedelta(hours=20))
    till.release(3)
    office.arrive(till)
    assert office.by("day") == {"2026-11-19": 499, "2026-11-20": 1497}
    assert office.by("hour") == {"13": 1497, "17": 499}
    assert office.by("store") == {"S1": 1996}
    assert office.by("station") == {"POS1": 1996}
    assert office.by("operator") == {"anna": 1996}
    assert office.by("article") == {"A00001": 1497, "A00002": 499}
    assert office.by("group") == {"G": 1996}
    assert office.by("form") == {"cash": 1996}
    report = sales(office.shelf, BOSS, WEEK, "day")
    assert (report.total.documents, report.total.lines, report.total.quantity_e4) == (2, 3, 40_000)
    assert sales(office.shelf, BOSS, WEEK, "article").lines[0].now.name == "Towar 1"


def test_sums_are_those_of_the_documents(office: Office, till: Till) -> None:
    """HUB-08: net and VAT too, to the last grosz; folding again adds nothing."""
    for number in range(1, 15):
        till.sell((number, number))
    office.arrive(till)
    assert office.shelf.fold(50) == 1
    assert fold_waiting(office.shelf)
    assert office.shelf.fold(50) == 0
    total = sales(office.shelf, BOSS, WEEK, "day").total
    assert [(total.net, total.tax, total.gross)] == office.hub.rows(
        "SELECT sum(net)::bigint, sum(tax)::bigint, sum(gross)::bigint FROM document"
    )


def test_a_cancelled_document_is_taken_off_its_own_day_once(office: Office, till: Till) -> None:
    """HUB-08."""
    kept, gone = till.sell((1, 1)), till.sell((2, 2))
    till.cancel(gone)
    office.arrive(till)
    assert office.by("day") == {"2026-11-20": kept.totals.gross}
    assert sales(office.shelf, BOSS, WEEK, "day").total.documents == 1
    assert office.by("article") == {"A00001": 499, "A00002": 0}
    till.cancel(gone)
    office.arrive(till)
    shelf = PostgresVerificationShelf(office.hub.database)
    [twice] = items(shelf, BOSS, ItemFilter())
    accept(office.hub.desk, shelf, BOSS, "S1", twice.message, "the till said so twice", NOON)
    assert office.by("day") == {"2026-11-20": kept.totals.gross}


def test_what_was_parked_counts_from_when_it_is_booked(office: Office, till: Till) -> None:
    """HUB-08, REL-09."""
    till.sell((25, 2))
    office.arrive(till)
    assert office.by("day") == {}
    office.hub.define([article(25)], "article")
    shelf = PostgresVerificationShelf(office.hub.database)
    [parked] = items(shelf, BOSS, ItemFilter())
    accept(office.hub.desk, shelf, BOSS, "S1", parked.message, "it is real", NOON)
    assert office.by("day") == {"2026-11-20": 998}


def test_a_period_stands_beside_the_one_before(office: Office, till: Till) -> None:
    """HUB-08: each day beside the same day of the period before."""
    till.sell((1, 3))
    till.sell((1, 1), business_day=DAY - datetime.timedelta(days=2))
    office.arrive(till)
    two = ReportFilter(day_from=DAY - datetime.timedelta(days=1), day_to=DAY)
    report = sales(office.shelf, BOSS, two, "day", compare=True)
    assert report.previous is not None
    assert (report.previous.day_from, report.previous.day_to) == (
        DAY - datetime.timedelta(days=3), DAY - datetime.timedelta(days=2),
    )  # fmt: skip
    [line] = report.lines
    assert line.before is not None
    assert (line.now.key, line.now.gross, line.before.gross) == ("2026-11-20", 1497, 499)


def test_voids_and_corrections_are_counted_per_operator_with_rates(office: Office, till: Till) -> None:
    """HUB-08: loss prevention."""
    for _ in range(3):
        till.sell((1, 1))
    gone = till.release(2)
    till.cancel(gone)
    till.say("line.voided/1", LineVoided(doc_id="d", article="A00001", quantity=Decimal(1), value=499))
    till.say("line.voided/1", LineVoided(doc_id="d", article="A00002", quantity=Decimal(2), value=998))
    till.say("draft.discarded/1", DraftDiscarded(doc_id="d", document_type="receipt", lines=2, gross=1000))
    till.say("station.event/1", TechnicalEvent(event="drawer.opened_by_hand"), by="piotr")
    office.arrive(till)
    found = {line.row.operator: line for line in losses(office.shelf, BOSS, WEEK)}
    anna = found["anna"]
    assert anna.row.times == {"line_voided": 2, "draft_discarded": 1, "cancelled": 1}
    assert (anna.row.values["line_voided"], anna.row.documents) == (1497, 3)
    assert anna.per_hundred["line_voided"] == Decimal("66.67")
    assert (found["piotr"].row.times, found["piotr"].per_hundred) == ({"drawer_opened": 1}, {})


def test_a_report_is_refused_rather_than_wrong(office: Office) -> None:
    """HUB-08, SEC-01."""
    backwards = ReportFilter(day_from=DAY, day_to=DAY - datetime.timedelta(days=1))
    for wanted, by, code in (
        (backwards, "day", "report.period_wrong"),
        (WEEK, "weather", "report.key_unknown"),
        (ReportFilter(day_from=DAY, day_to=DAY, operator="anna"), "article", "report.filter_not_kept"),
    ):
        with pytest.raises(Refused) as refused:
            sales(office.shelf, BOSS, wanted, by)
        assert refused.value.problems[0].code == code
    nobody = Actor(operator="x", name="x", rights=frozenset({rights.SEE_HUB}))
    with pytest.raises(Refused, match=r"right\.missing"):
        sales(office.shelf, nobody, WEEK, "day")
    with pytest.raises(Refused, match=r"right\.missing"):
        losses(office.shelf, nobody, WEEK)
