"""Parameters and their inheritance, rights, prices, checks of single definitions (DOC-10, HUB-15)."""

from decimal import Decimal

import pytest

from kontuar.domain.cash.records import PaymentForm
from kontuar.domain.catalogue.records import Article, ArticleCode, AuxiliaryUnit, Price, PriceList, Unit, VatRate
from kontuar.domain.definitions.checks import problems_with
from kontuar.domain.definitions.kinds import KIND_OF, KINDS
from kontuar.domain.firm.parameters import PARAMETERS, Parameters, centre_path, effective, is_valid_value
from kontuar.domain.firm.records import (
    Centre,
    DeliveryMethod,
    ExchangeRate,
    NumberingRule,
    Parameter,
    StationDefinition,
)
from kontuar.domain.parties.records import Contractor, Operator, Role
from kontuar.domain.parties.rights import (
    ALL_DOCUMENTS,
    ALL_RIGHTS,
    CASHIER,
    MANAGER,
    OWN_DOCUMENTS,
    SHIFT_MANAGER,
    rights_of,
)  # fmt: skip
from kontuar.domain.pricing.line_prices import list_price
from kontuar.kernel.errors import Refused
from refusals import refused

CENTRES = {
    "PL": Centre(code="PL", name="Poland"),
    "SOUTH": Centre(code="SOUTH", name="South", parent="PL"),
    "EGG": Centre(code="EGG", name="Egg", parent="HEN"),
    "HEN": Centre(code="HEN", name="Hen", parent="EGG"),
}


def footer(scope: str) -> Parameter:
    return Parameter(name="print.receipt_footer", scope=scope, value=scope)


def holding(*scopes: str, centre: str = "SOUTH") -> str:
    found = effective(map(footer, scopes), CENTRES, centre=centre, store="S1", station="S1T1")
    return found.text("print.receipt_footer")


@pytest.mark.parametrize(
    "scopes",
    [
        ["global"], ["global", "centre:PL"], ["global", "centre:PL", "centre:SOUTH"],
        ["global", "centre:PL", "centre:SOUTH", "store:S1"],
        ["global", "centre:PL", "centre:SOUTH", "store:S1", "station:S1T1"],
    ],
)  # fmt: skip
def test_the_nearest_scope_wins_whatever_the_order_of_the_rows(scopes: list[str]) -> None:
    """DOC-10."""
    assert holding(*scopes) == scopes[-1]
    assert holding(*reversed(scopes)) == scopes[-1]


def test_other_stores_and_stations_say_nothing_here() -> None:
    assert holding("store:S2", "station:S1T2", "centre:NORTH") == ""
    assert holding("global", "store:S2") == "global"


def test_centres_that_go_round_in_a_circle_end_where_they_close() -> None:
    assert centre_path("EGG", CENTRES) == ["EGG", "HEN"]
    assert holding("centre:HEN", centre="EGG") == "centre:HEN"
    assert holding("centre:HEN", "centre:EGG", centre="EGG") == "centre:EGG"
    assert centre_path("NOWHERE", CENTRES) == []


def test_what_nobody_set_has_a_default_that_its_rule_allows() -> None:
    for name, rule in PARAMETERS.items():
        assert is_valid_value(rule, rule.default), name
    defaults = Parameters({})
    assert defaults.whole("fiscal.least_name_length") == 5
    assert defaults.yes("payment.close_automatically")
    assert defaults.text("search.documents") == "local"


@pytest.mark.parametrize(
    ("name", "value", "fine"),
    [
        ("sale.merge_same_article", "yes", True), ("sale.merge_same_article", "Yes", False),
        ("login.session_minutes", "15", True), ("login.session_minutes", "-1", False),
        ("login.session_minutes", "1.5", False), ("login.session_minutes", "9" * 10, False),
        ("sale.vat_direction", "net", True), ("sale.vat_direction", "both", False),
        ("print.receipt_footer", "x" * 500, True), ("print.receipt_footer", "x" * 501, False),
    ],
)  # fmt: skip
def test_values_follow_the_rule_of_their_parameter(name: str, value: str, fine: bool) -> None:
    assert is_valid_value(PARAMETERS[name], value) is fine


def test_rights_come_from_roles_and_all_documents_includes_ones_own() -> None:
    """HUB-15."""
    roles = {"a": Role(code="a", name="A", rights=("receipt.issue",)),
             "b": Role(code="b", name="B", rights=(ALL_DOCUMENTS,))}  # fmt: skip
    someone = Operator(code="X", name="X", pin_verifier="$argon2id$", roles=("a", "b", "gone"))
    assert rights_of(someone, roles) == {"receipt.issue", ALL_DOCUMENTS, OWN_DOCUMENTS}
    assert CASHIER < SHIFT_MANAGER < MANAGER < ALL_RIGHTS


ROLES_AT_THE_TILL = {
    "cashier": (CASHIER, """
        receipt.void_line receipt.void cash.in payment.other_forms receipt.invoice documents.own"""),
    "shift manager": (SHIFT_MANAGER, """
        price.change discount.line discount.header cash.out drawer.open cash.see documents.all"""),
    "manager": (MANAGER, "station.settings views.manage payment.deferred_undefined"),
}  # fmt: skip
"""What each may do that the one before may not."""


def test_the_roles_of_the_till_have_the_functions_that_are_named_for_them() -> None:
    """HUB-15: each function is a right of its own, and each role has those of the one before it."""
    before: frozenset[str] = frozenset()
    for held, named in ROLES_AT_THE_TILL.values():
        own = set(named.split())
        assert own <= held
        assert not own & before
        before = held


GOODS = Article(code="A", name="Tile", vat="23", unit="szt", group="G")
BAD = [
    (Unit(code="kg", name="kilogram", precision=5), ["unit.bad_precision"]),
    (Unit(code=" kg", name="kilogram"), ["definition.bad_code"]),
    (Unit(code="k|g", name=""), ["definition.bad_code", "definition.name_empty"]),
    (Unit(code="", name="x" * 251), ["definition.bad_code", "definition.name_too_long"]),
    (VatRate(code="23", valid_from="2026-13-01", percent=Decimal(101), letter="H"),
     ["definition.bad_date", "vat.out_of_range", "vat.bad_letter"]),
    (Price(price_list="R", article="A", unit="szt", valid_from="20260101", price=Decimal("1.00001")),
     ["definition.bad_date", "price.too_precise"]),
    (Price(price_list="R", article="A", unit="szt", valid_from="2026-01-01", price=Decimal("-1")),
     ["price.out_of_range"]),
    (Price(price_list="R", article="A", unit="szt", valid_from="2026-01-01", price=Decimal("NaN")),
     ["price.out_of_range"]),
    (Article(code="A", name="Tile", vat="23", unit="szt", group="G",
             eans=(ArticleCode(ean="5901234123458", unit="box"),),
             units=(AuxiliaryUnit(unit="szt", factor=Decimal(0)),)),
     ["article.ean_unit_unknown", "article.bad_ean", "article.bad_factor", "article.unit_twice"]),
    (ExchangeRate(currency="EUR", valid_from="2026-01-01", rate=Decimal(0)), ["rate.out_of_range"]),
    (Contractor(code="C", name="C", kind="business"), ["contractor.nip_missing"]),
    (Contractor(code="C", name="C", tax_number="123"), ["contractor.bad_nip"]),
    (Role(code="R", name="R", rights=("receipt.issue", "world.rule")), ["role.unknown_right"]),
    (Operator(code="O", name="O", pin_verifier="1234", roles=()), ["operator.bad_verifier"]),
    (Parameter(name="no.such", scope="shop:1", value="x"), ["parameter.bad_scope", "parameter.unknown"]),
    (Parameter(name="sale.vat_direction", scope="global:x", value="up"),
     ["parameter.bad_scope", "parameter.bad_value"]),
    (Parameter(name="sale.vat_direction", scope="store", value="net"), ["parameter.bad_scope"]),
    (Parameter(name="coupon.reservation_hours", scope="global", value="0"), ["parameter.out_of_bounds"]),
    (Parameter(name="coupon.reservation_hours", scope="global", value="8761"), ["parameter.out_of_bounds"]),
    (Parameter(name="coupon.reservation_hours", scope="global", value="1,5"), ["parameter.bad_value"]),
    (Parameter(name="books.backup_days", scope="global", value="0"), ["parameter.out_of_bounds"]),
    (Parameter(name="books.keep_days", scope="global", value="36501"), ["parameter.out_of_bounds"]),
    (StationDefinition(code="T", name="T", store="S", series="POS-1"), ["station.bad_series"]),
    (PaymentForm(code="card", name="Card", kind="card", gives_change=True), ["payment_form.change_only_cash"]),
    (DeliveryMethod(code="D", name="D", document_types=("receipt", "cash_in", "letter")),
     ["definition.document_type_unknown", "delivery_method.no_sale"]),
    (NumberingRule(document_type="receipt", pattern="{symbol}/{number}", reset="never"), ["numbering.part_missing"]),
]  # fmt: skip


@pytest.mark.parametrize(("record", "codes"), BAD)
def test_a_wrong_definition_tells_all_that_is_wrong(record: object, codes: list[str]) -> None:
    """DOC-05."""
    assert [problem.code for problem in problems_with(record)] == codes


@pytest.mark.parametrize(
    "record",
    [
        GOODS, Unit(code="kg", name="kilogram", precision=4),
        VatRate(code="ZW", valid_from="2026-01-01", percent=None, letter="G"),
        Contractor(code="C", name="C", kind="business", tax_number="123", country="FR"),
        Parameter(name="sale.vat_direction", scope="store:S1", value="net"),
        Parameter(name="coupon.reservation_hours", scope="global", value="1"),
        Parameter(name="coupon.reservation_hours", scope="global", value="8760"),
        PaymentForm(code="cash", name="Cash", kind="cash", gives_change=True),
    ],
)  # fmt: skip
def test_a_right_definition_is_left_alone(record: object) -> None:
    assert problems_with(record) == []


def test_every_kind_has_a_key_of_its_own_fields_and_comes_after_what_it_refers_to() -> None:
    order = list(KINDS)
    for kind in KINDS.values():
        assert KIND_OF[kind.record] is kind
        assert set(kind.key) <= set(kind.record.__struct_fields__)
    for late, early in [("article", "unit"), ("price", "article"), ("store", "centre"), ("operator", "role")]:
        assert order.index(late) > order.index(early)


def prices(*rows: Price):
    found = {(row.price_list, row.article, row.unit): row for row in rows}
    return lambda price_list, article, unit: found.get((price_list, article, unit))


def row(price: str, price_list: str = "RETAIL", unit: str = "szt") -> Price:
    return Price(price_list=price_list, article="A", unit=unit, valid_from="2026-01-01", price=Decimal(price))


RETAIL, CLUB = (PriceList(code=code, name=code, currency="PLN") for code in ("RETAIL", "CLUB"))
TRADE = PriceList(code="TRADE", name="TRADE", currency="PLN", direction="net")


def price_of(*rows: Price, lists: tuple[PriceList, ...] = (CLUB, RETAIL), unit: str = "szt", factor: str = "1"):
    return list_price(
        GOODS, unit, Decimal(factor), Decimal(23), lists=lists, find=prices(*rows), direction="gross"
    )  # fmt: skip


def test_the_contractors_list_comes_first_and_the_stores_fills_its_gaps() -> None:
    """DOC-27."""
    assert price_of(row("9.00", "CLUB"), row("10.00")).price == Decimal("9.0000")
    found = price_of(row("10.00"))
    assert (found.price, found.row) == (Decimal("10.0000"), "RETAIL|A|szt|2026-01-01")


def test_a_unit_without_a_price_of_its_own_is_priced_through_the_base_unit() -> None:
    """DOC-23."""
    assert price_of(row("7.40"), unit="m2", factor="0.37").price == Decimal("20.0000")
    assert price_of(row("7.40"), row("19.90", unit="m2"), unit="m2", factor="0.37").price == Decimal("19.9000")


def test_a_net_list_is_shown_gross_on_a_gross_document() -> None:
    """DOC-22."""
    assert price_of(row("10.00", "TRADE"), lists=(TRADE,)).price == Decimal("12.3000")


def test_an_article_without_a_price_is_not_sold() -> None:
    with refused("price.missing") as problems:
        price_of()
    assert problems[0].facts == {"name": "Tile", "article": "A"}
    with pytest.raises(Refused):
        price_of(row("1.00", unit="box"))
