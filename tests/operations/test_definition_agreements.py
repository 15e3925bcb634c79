"""What rows must agree on: batches, attributes, quick sale, contractors, document types (DOC-29, DOC-30, QUICK-05)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub_definitions_world import ADMIN, World, open_world
from kontuar.kernel.errors import Refused

pytestmark = pytest.mark.postgres


@pytest.fixture
def shop(postgres_url: str, tmp_path: Path) -> Iterator[World]:
    opened = open_world(postgres_url, tmp_path)
    opened.load_guide()
    yield opened
    opened.database.close()


def problems(shop: World, kind: str, **changes: Any) -> list[tuple[str, str]]:
    """(code, field) of what is refused when a row is written; the row of the guide with changes, or a new one."""
    key = changes.pop("key", "")
    fields = msgspec.json.decode(shop.definitions.row(ADMIN, kind, key).body) if key else {}
    try:
        record = shop.reader.from_json(ADMIN, kind, msgspec.json.encode({**fields, **changes}))
        shop.definitions.put_rows(ADMIN, [(kind, record)])
    except Refused as refusal:
        return [(problem.code, problem.facts.get("field", problem.place)) for problem in refusal.problems]
    return []


VIEW = {"name": "documents-trade", "scope": "global"}
LINE = {"code": "A", "name": "A", "level": "line"}
PATTERN = "{symbol}/{year}/{month}/{number}/{series}"
JOGURT = {"SMAK": "truskawka", "OPAK": "wiaderko"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"properties": JOGURT}, []),
        ({"properties": {"SMAK": "truskawka"}}, [("batch.property_missing", "properties")]),
        ({"properties": {**JOGURT, "SMAK": "smoła"}}, [("batch.not_a_choice", "properties")]),
        ({"properties": {"SMAK": "truskawka", "OPAK": "kubek"}}, [("batch.same_properties", "properties")]),
        ({"properties": JOGURT, "eans": ["5901234123457"]}, [("article.ean_taken", "eans")]),
        ({"properties": JOGURT, "eans": ["5901234123471"]}, [("article.ean_taken", "eans")]),
        ({"properties": JOGURT, "eans": ["5901234123472"]}, [("article.bad_ean", "eans")]),
    ],
)
def test_a_batch_fits_its_article_and_has_eans_of_its_own(
    shop: World, changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert problems(shop, "batch", article="JOGURT", code="N", name="N", **changes) == expected


def test_an_article_keeps_the_properties_that_its_batches_have(shop: World) -> None:
    assert problems(shop, "article", key="JOGURT", properties=["OPAK"]) == [("article.property_in_use", "properties")]
    assert problems(shop, "batch", article="SER", code="N", name="N", properties={"SMAK": "wanilia"}) == [
        ("batch.property_not_of_article", "properties")
    ]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"ALERGENY": "orzechy", "TERMIN": "2026-12-31", "WAGA": "1.5", "BIO": "yes"}, []),
        ({"TERMIN": "jutro"}, ["attribute.value_unfit"]),
        ({"WAGA": "dużo"}, ["attribute.value_unfit"]),
        ({"BIO": "tak"}, ["attribute.value_unfit"]),
        ({"BRANZA": "handel"}, ["attribute.other_level"]),
        ({"NIC": "x"}, ["definition.reference_unknown"]),
    ],
)
def test_values_of_attributes_fit_their_type(shop: World, attributes: dict[str, str], expected: list[str]) -> None:
    shop.load("attribute", "code;name;level;type\nTERMIN;T;article;date\nWAGA;W;article;number\nBIO;B;article;yes_no\n")
    found = problems(shop, "article", key="SER", attributes=attributes)
    assert found == [(code, "attributes") for code in expected]


def test_a_required_attribute_is_asked_of_everybody_but_the_walk_in_customer(shop: World) -> None:
    shop.load("attribute", "code;name;level;required\nOPIEKUN;Opiekun;contractor;yes\n")
    assert problems(shop, "contractor", key="HURT") == [("attribute.value_missing", "attributes")]
    assert problems(shop, "contractor", key="UNDEFINED") == []


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        (
            "attribute",
            {"code": "A", "name": "A", "level": "line", "type": "list"},
            ("attribute.choices_missing", "choices"),
        ),
        (
            "attribute",
            {"code": "A", "name": "A", "level": "line", "choices": ["x"]},
            ("attribute.choices_unused", "choices"),
        ),
        (
            "attribute",
            {"code": "A", "name": "A", "level": "article", "document_types": ["receipt"]},
            ("attribute.only_on_documents", "document_types"),
        ),
        ("property", {"code": "P", "name": "P", "choices": ["a", "a"]}, ("definition.choice_twice", "choices")),
        (
            "document_settings",
            {"document_type": "cash_in", "parking": "yes"},
            ("document_settings.not_parkable", "parking"),
        ),
        ("document_settings", {"document_type": "napis"}, ("definition.document_type_unknown", "document_type")),
        (
            "document_settings",
            {"document_type": "internal_receipt", "direction": "net"},
            ("document_settings.no_prices", "direction"),
        ),
        ("view", {**VIEW, "columns": ["colour"]}, ("view.piece_unknown", "columns")),
        ("view", {**VIEW, "columns": ["-number"]}, ("view.must_stay", "columns")),
        ("view", {**VIEW, "name": "napis"}, ("view.unknown", "name")),
        ("view", {**VIEW, "scope": "centre:CENTRALA"}, ("view.bad_scope", "scope")),
        ("view", {**VIEW, "scope": "store:NIC"}, ("definition.reference_unknown", "scope")),
        ("view", {**VIEW, "columns": ["state", "state"]}, ("view.shown_twice", "columns")),
        ("quick_group", {"group": "NAB", "position": -1}, ("definition.bad_position", "position")),
        ("quick_group", {"group": "NAB", "position": 1, "stores": ["NIC"]}, ("definition.reference_unknown", "stores")),
        ("contractor_group", {"code": "FIRMY", "name": "F", "parent": "HANDEL"}, ("definition.loop", "parent")),
        (
            "numbering",
            {
                "document_type": "receipt",
                "pattern": "{symbol}/{year}/{month}/{number}/{series}",
                "parked_prefix": "a b",
            },
            ("numbering.bad_prefix", "parked_prefix"),
        ),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_at_its_field(
    shop: World, kind: str, fields: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert problems(shop, kind, **fields) == [expected]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"country": "FR", "status": "eu", "tax_number": "40303265045"}, []),
        ({"country": "FR", "status": "eu", "tax_number": "FR40303265045"}, []),
        ({"country": "FR", "status": "eu", "tax_number": "FR40303265044"}, [("contractor.bad_eu_vat", "tax_number")]),
        ({"country": "US", "status": "outside", "tax_number": "12-3456789"}, []),
        ({"tax_number": "5252248482"}, [("contractor.bad_nip", "tax_number")]),
        ({"credit_limit": -1}, [("contractor.bad_credit_limit", "credit_limit")]),
        ({"recipients": ["HURT"]}, [("contractor.own_recipient", "recipients")]),
        ({"loyalty_card": "77", "cards": ["77"]}, [("contractor.card_twice", "cards")]),
    ],
)
def test_a_contractors_numbers_and_terms_are_checked(
    shop: World, changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert problems(shop, "contractor", key="HURT", **changes) == expected


def test_a_loyalty_card_names_one_contractor(shop: World) -> None:
    assert problems(shop, "contractor", key="HURT", loyalty_card="77") == []
    assert problems(shop, "contractor", code="N", name="N", cards=["77"]) == [("contractor.card_of_another", "cards")]


def test_an_inactive_article_is_no_favourite(shop: World) -> None:
    """QUICK-05."""
    assert problems(shop, "article", key="SER", active=False) == []
    assert problems(shop, "quick_favourite", article="SER", position=3) == [("quick_favourite.inactive", "article")]
