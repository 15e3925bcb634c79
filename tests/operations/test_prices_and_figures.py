"""Slips that definitions catch: a unit the article does not have, figures nobody types, prices looked for by name."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from hub_definitions_world import ADMIN, World, open_world
from kontuar.domain.catalogue.records import Price
from kontuar.kernel.errors import Refused
from kontuar.web.hub.definition_fields import fields_of

pytestmark = pytest.mark.postgres


@pytest.fixture
def shop(postgres_url: str, tmp_path: Path) -> Iterator[World]:
    opened = open_world(postgres_url, tmp_path)
    opened.load_guide()
    yield opened
    opened.database.close()


def test_a_price_is_one_of_a_unit_that_the_article_has(shop: World) -> None:
    """DOC-23: a price per carton of cheese would never be found at a till."""
    before = shop.version()
    wrong = Price(price_list="DETAL", article="SER", unit="szt", valid_from="2026-01-01", price=Decimal(5))
    with pytest.raises(Refused) as refusal:
        shop.definitions.put_rows(ADMIN, [("price", wrong)])
    problem = refusal.value.problems[0]
    assert (problem.code, problem.facts["field"], problem.facts["article"], problem.facts["unit"]) == (
        "price.unit_not_of_article", "unit", "SER", "szt"
    )  # fmt: skip
    assert shop.version() == before


@pytest.mark.parametrize("figure", ["1e5", "1E2", "Infinity", "0x10", "١٢"])
def test_a_figure_is_read_as_people_write_it_or_not_at_all(shop: World, figure: str) -> None:
    text = f"price_list,article,unit,valid_from,price\nDETAL,SER,kg,2027-01-01,{figure}\n"
    report = shop.files.import_csv(ADMIN, "price", text.encode())
    assert [problem.code for problem in report.problems] == ["import.cell_unreadable"]


def test_prices_are_found_by_the_name_and_the_ean_of_their_article(shop: World) -> None:
    """HUB-02: nobody knows the codes by heart."""
    for text, article in (("gouda", "SER"), ("SER", "SER"), ("5901234123457", "MLEKO"), ("mleko 3", "MLEKO")):
        keys = [row.key for row in shop.definitions.page(ADMIN, "price", text=text)]
        assert {key.split("|")[1] for key in keys} == {article}
    assert shop.definitions.page(ADMIN, "price", text="nothing like it") == []


def test_a_discount_is_offered_for_selling_documents_only() -> None:
    """DISC-10: goods and cash documents have no prices that a discount could change."""
    field = next(field for field in fields_of("discount") if field.name == "document_types")
    assert field.choices == ("receipt", "invoice")
    everything = next(field for field in fields_of("reason") if field.name == "document_types")
    assert "cash_in" in everything.choices
