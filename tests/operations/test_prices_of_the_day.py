"""A draft is paid at the prices and rates of its business day; what a label says of money is never guessed."""

import datetime
from decimal import Decimal
from pathlib import Path

from kontuar.domain.catalogue.records import Article, ArticleCode, Price, VatRate
from kontuar.domain.firm.records import Parameter
from kontuar.kernel.codes import with_ean_check_digit
from kontuar.operations.station import approval, shifts, till
from refusals import refused
from shop import WATER, HandClock, actor_of, change, fill, open_till

EWA = actor_of()


def test_a_draft_left_overnight_is_paid_at_the_prices_and_vat_of_the_new_day(tmp_path: Path) -> None:
    """Prices and rates *valid from* a day hold from that day, though nothing new came down since (DOC-22)."""
    clock = HandClock(datetime.datetime(2026, 11, 30, 20, 0, tzinfo=datetime.UTC))
    station = open_till(tmp_path, clock=clock)
    change(station.books, VatRate(code="23", valid_from="2026-12-01", percent=Decimal(25), letter="A"))
    draft = fill(station, WATER, WATER)
    till.change_price(station, EWA, draft.doc_id, 1, "1,00")
    clock.turn(12 * 3600)
    shifts.close_shift(station, EWA, ())
    shifts.open_shift(station, EWA, "0")
    opened = approval.open_payment(station, EWA, draft.doc_id)
    assert [(row.value, row.percent) for row in opened.lines] == [(100, 25), (299, 25)]
    assert opened.business_day == datetime.date(2026, 12, 1)


def test_a_label_with_a_price_inside_is_not_sold_at_the_list_price(tmp_path: Path) -> None:
    """What the label says is not read yet, so it is said that the code is unknown."""
    station = open_till(tmp_path)
    change(station.books, Parameter(name="scan.in_store_codes", scope="global", value="28:5:5:2:price"))
    change(
        station.books,
        Article(code="HAM", name="Szynka", vat="5", unit="szt", group="FOOD",
                eans=(ArticleCode(ean="12345", unit="szt"),)),
        Price(price_list="RETAIL", article="HAM", unit="szt", valid_from="2026-01-01", price=Decimal("59.90")),
    )  # fmt: skip
    draft = fill(station)
    with refused("article.code_unknown"):
        till.scan(station, EWA, draft.doc_id, with_ean_check_digit("281234501299"))
    assert till.look_at(station, EWA, draft.doc_id).lines == ()
