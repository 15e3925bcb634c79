"""The demo firm is a firm that a hub would accept, and one worth looking at."""

import base64
import io
from collections import Counter
from decimal import Decimal
from typing import TypeVar

import msgspec
import pytest
from PIL import Image

from kontuar.domain.cash.records import PaymentForm
from kontuar.domain.catalogue.records import Article, ArticleGroup, Picture, Price, Unit, VatRate
from kontuar.domain.definitions.checks import problems_with
from kontuar.domain.definitions.kinds import KIND_OF, KINDS
from kontuar.domain.documents.types import TYPES
from kontuar.domain.firm.records import (
    Centre,
    Firm,
    NumberingRule,
    Parameter,
    Reason,
    StationDefinition,
    Store,
    Warehouse,
)
from kontuar.domain.parties.records import UNDEFINED, Contractor, Operator
from kontuar.domain.pricing.vat import rate_on
from kontuar.kernel import canonical
from kontuar.kernel.codes import is_ean, is_nip
from kontuar.kernel.quantity import to_base
from kontuar.kernel.rounding import half_up
from kontuar.tools.demo_firm.firm import DemoFirm, demo_firm

DAY = "2026-11-20"
Record = TypeVar("Record", bound=msgspec.Struct)


def stand_in_for_argon2(pin: str) -> str:
    return f"$argon2id$demo${pin[::-1]}"


@pytest.fixture(scope="module")
def firm() -> DemoFirm:
    return demo_firm()


@pytest.fixture(scope="module")
def definitions(firm: DemoFirm) -> tuple[msgspec.Struct, ...]:
    return firm.definitions(stand_in_for_argon2)


def of(definitions: tuple[msgspec.Struct, ...], record: type[Record]) -> list[Record]:
    return [row for row in definitions if isinstance(row, record)]


def priced_today(definitions: tuple[msgspec.Struct, ...], price_list: str) -> set[str]:
    """Articles with a price of their base unit on the list."""
    base = {article.code: article.unit for article in of(definitions, Article)}
    return {
        price.article
        for price in of(definitions, Price)
        if price.price_list == price_list and price.valid_from <= DAY and price.unit == base[price.article]
    }


def test_nothing_is_wrong_with_any_definition(definitions: tuple[msgspec.Struct, ...]) -> None:
    wrong = [(row, problems) for row in definitions if (problems := problems_with(row))]
    assert wrong == []


def test_a_verifier_that_is_missing_would_be_noticed(firm: DemoFirm) -> None:
    found = [problems_with(one.operator) for one in firm.operators]
    assert all([problem.code for problem in problems] == ["operator.bad_verifier"] for problems in found)


def test_every_kind_is_there_in_an_order_that_can_be_read_in(definitions: tuple[msgspec.Struct, ...]) -> None:
    """Each row refers only to rows before it."""
    seen: set[tuple[str, str]] = set()
    dangling = []
    for row in definitions:
        kind = KIND_OF[type(row)]
        dangling += [(kind.name, ref) for ref in kind.refers(row) if (ref[1], ref[2]) not in seen]
        seen.add((kind.name, kind.key_of(row)))
    assert dangling == []
    assert list(dict.fromkeys(KIND_OF[type(row)].name for row in definitions)) == list(KINDS)


def test_no_definition_is_there_twice(definitions: tuple[msgspec.Struct, ...]) -> None:
    keys = Counter((KIND_OF[type(row)].name, KIND_OF[type(row)].key_of(row)) for row in definitions)
    assert [key for key, count in keys.items() if count > 1] == []


def test_references_that_the_table_of_kinds_leaves_out_exist_too(
    definitions: tuple[msgspec.Struct, ...],
) -> None:
    stores = {store.code for store in of(definitions, Store)}
    warehouses = {place.code: place.store for place in of(definitions, Warehouse)}
    stations = {station.code for station in of(definitions, StationDefinition)}
    assert {store.code: warehouses[store.warehouse] for store in of(definitions, Store)} == {
        code: code for code in stores
    }
    assert {article.vat for article in of(definitions, Article)} <= {rate.code for rate in of(definitions, VatRate)}
    centres = {centre.code for centre in of(definitions, Centre)}
    known = {"global"}
    for level, codes in (("centre", centres), ("store", stores), ("station", stations)):
        known |= {f"{level}:{code}" for code in codes}
    assert {parameter.scope for parameter in of(definitions, Parameter)} <= known
    assert {name for reason in of(definitions, Reason) for name in reason.document_types} == {
        "cash_in", "cash_out", "internal_release", "internal_receipt",
    }  # fmt: skip
    assert {rule.document_type for rule in of(definitions, NumberingRule)} == set(TYPES)


def test_the_firm_is_the_same_each_time(firm: DemoFirm) -> None:
    again = demo_firm.__wrapped__()
    assert again is not firm
    assert again == firm


def test_two_shops_have_two_tills_each_with_series_of_their_own(
    definitions: tuple[msgspec.Struct, ...],
) -> None:
    """DOC-01: the series tells the station."""
    stations = of(definitions, StationDefinition)
    assert Counter(station.store for station in stations) == {"KRK": 2, "GDN": 2}
    assert [station.series for station in stations] == ["POS1", "POS2", "POS3", "POS4"]
    assert len({station.register for station in stations}) == 4
    assert {(place.store, place.kind) for place in of(definitions, Warehouse)} == {
        ("KRK", "sales"), ("KRK", "back"), ("GDN", "sales"), ("GDN", "back"),
    }  # fmt: skip


def test_cash_of_three_currencies_opens_the_drawer_and_gives_change(
    definitions: tuple[msgspec.Struct, ...],
) -> None:
    forms = {form.kind: form for form in of(definitions, PaymentForm)}
    assert list(forms) == ["cash", "card", "bank", "coupon"]
    assert forms["cash"].currencies == ("PLN", "EUR", "USD")
    assert [kind for kind, form in forms.items() if form.opens_drawer and form.gives_change] == ["cash"]


def test_taxes_of_today_are_the_polish_ones(definitions: tuple[msgspec.Struct, ...]) -> None:
    rates = of(definitions, VatRate)
    today = {code: rate.percent for code in "ABCDE" if (rate := rate_on(rates, code, DAY))}
    assert today == {"A": 23, "B": 8, "C": 5, "D": 0, "E": None}
    in_2010 = {code: rate.percent for code in "ABC" if (rate := rate_on(rates, code, "2010-06-01"))}
    assert in_2010 == {"A": 22, "B": 7, "C": 3}


def test_three_hundred_articles_can_be_sold_today(definitions: tuple[msgspec.Struct, ...]) -> None:
    articles = of(definitions, Article)
    active = {article.code for article in articles if article.active}
    assert len(active) >= 300
    assert active - priced_today(definitions, "DETAL") == set()
    assert len(priced_today(definitions, "LOJAL")) >= 40
    assert [article.name for article in articles if not article.active] == [
        "Chleb świąteczny z żurawiną Złotokłos 600 g"
    ]


def test_some_prices_rise_next_year(definitions: tuple[msgspec.Struct, ...]) -> None:
    future = [price for price in of(definitions, Price) if price.valid_from > DAY]
    assert len(future) >= 20
    assert {price.valid_from for price in future} == {"2027-01-04"}


def test_prices_are_positive_and_in_units_that_the_article_has(
    definitions: tuple[msgspec.Struct, ...],
) -> None:
    units = {
        article.code: {article.unit, *(other.unit for other in article.units)} for article in of(definitions, Article)
    }
    prices = of(definitions, Price)
    assert [price for price in prices if price.unit not in units[price.article]] == []
    assert min(price.price for price in prices) > 0
    assert {price.price for price in prices} == {half_up(price.price, 2) for price in prices}


def test_every_ean_is_valid_names_one_article_and_claims_nobody_elses_number(
    definitions: tuple[msgspec.Struct, ...],
) -> None:
    eans = [code.ean for article in of(definitions, Article) for code in article.eans]
    assert len(eans) >= 300
    assert [ean for ean, count in Counter(eans).items() if count > 1] == []
    assert [ean for ean in eans if len(ean) != 13 or not is_ean(ean)] == []
    assert {ean[:2] for ean in eans} == {"20", "21", "22"}


def test_some_articles_have_two_eans_and_cartons_their_own(definitions: tuple[msgspec.Struct, ...]) -> None:
    articles = of(definitions, Article)
    twice = [one for one in articles if sum(code.unit == one.unit for code in one.eans) == 2]
    cartons = [one for one in articles if any(code.unit == "kart" for code in one.eans)]
    assert len(twice) >= 20
    assert len(cartons) >= 50


def test_a_carton_holds_exactly_what_is_written_on_it(definitions: tuple[msgspec.Struct, ...]) -> None:
    """DOC-23: 1,000 cartons of a dozen are 12,000 pieces although a twelfth has no last digit."""
    milk = next(one for one in of(definitions, Article) if one.name == "Mleko świeże 2% Łączka 1 l")
    carton = next(unit for unit in milk.units if unit.unit == "kart")
    assert to_base(Decimal(1), carton.factor, 0) == 12
    assert to_base(Decimal(1000), carton.factor, 0) == 12_000


def test_a_tile_is_37_hundredths_of_a_square_metre(definitions: tuple[msgspec.Struct, ...]) -> None:
    """DOC-23: 11.0 m² of it are 30 pieces."""
    tile = next(one for one in of(definitions, Article) if one.name.startswith("Płytka ścienna biała"))
    (square_metre,) = tile.units
    precision = {unit.code: unit.precision for unit in of(definitions, Unit)}
    assert (square_metre.unit, square_metre.factor) == ("m2", Decimal("0.37"))
    assert to_base(Decimal("11.0"), square_metre.factor, precision[tile.unit]) == 30


def test_weighed_goods_have_grams(definitions: tuple[msgspec.Struct, ...]) -> None:
    precision = {unit.code: unit.precision for unit in of(definitions, Unit)}
    by_unit = Counter(article.unit for article in of(definitions, Article))
    assert precision == {"szt": 0, "kg": 3, "l": 3, "m": 2, "m2": 2, "opak": 0, "kart": 0, "usl": 0}
    assert by_unit["kg"] >= 30
    assert min(by_unit[unit] for unit in ("szt", "kg", "l", "m", "opak", "usl")) >= 1


def test_names_are_long_enough_for_the_fiscal_device(definitions: tuple[msgspec.Struct, ...]) -> None:
    """SALE-05."""
    names = [article.name for article in of(definitions, Article)]
    assert min(len(name) for name in names) >= 5
    assert len(set(names)) == len(names)


def test_the_tree_of_groups_has_two_levels_and_no_empty_branch(
    definitions: tuple[msgspec.Struct, ...],
) -> None:
    groups = {group.code: group for group in of(definitions, ArticleGroup)}
    leaves = {code for code, group in groups.items() if group.parent}
    assert len(groups) - len(leaves) >= 12
    assert [code for code in leaves if groups[groups[code].parent].parent] == []
    articles = of(definitions, Article)
    assert {article.group for article in articles} == leaves
    favourites = [article for article in articles if article.groups == ("10",)]
    assert groups["10"].name == "Ulubione"
    assert 12 <= len(favourites) <= 30


def test_tax_numbers_are_valid_and_nobody_has_anothers(definitions: tuple[msgspec.Struct, ...]) -> None:
    contractors = of(definitions, Contractor)
    numbers = [one.tax_number for one in contractors if one.kind == "business"]
    numbers += [one.tax_number for one in of(definitions, Firm)]
    assert len(contractors) >= 25
    assert len(numbers) >= 11
    assert [number for number in numbers if not is_nip(number)] == []
    assert len(set(numbers)) == len(numbers)


def test_cards_of_customers_and_operators_open_one_door_each(definitions: tuple[msgspec.Struct, ...]) -> None:
    cards = [one.loyalty_card for one in of(definitions, Contractor) if one.loyalty_card]
    cards += [one.card for one in of(definitions, Operator)]
    eans = {code.ean for article in of(definitions, Article) for code in article.eans}
    assert len(cards) >= 15
    assert len(set(cards)) == len(cards)
    assert set(cards) & eans == set()


def test_the_walk_in_customer_has_a_polish_name(definitions: tuple[msgspec.Struct, ...]) -> None:
    (walk_in,) = [one for one in of(definitions, Contractor) if one.code == UNDEFINED]
    assert walk_in.name == "Klient detaliczny"
    assert walk_in.kind == "retail"


def test_operators_speak_three_languages_and_hide_their_pins(
    firm: DemoFirm, definitions: tuple[msgspec.Struct, ...]
) -> None:
    operators = of(definitions, Operator)
    assert len(operators) >= 6
    assert {one.language for one in operators} == {"pl", "en", "fr"}
    assert {one.roles for one in operators} == {
        ("cashier",), ("shift_manager",), ("manager",), ("administrator",),
    }  # fmt: skip
    assert [one.pin_verifier for one in operators] == [stand_in_for_argon2(one.pin) for one in firm.operators]
    assert len({one.pin for one in firm.operators}) == len(operators)


def test_opening_stock_is_of_goods_in_a_warehouse_of_the_store(
    firm: DemoFirm, definitions: tuple[msgspec.Struct, ...]
) -> None:
    articles = {article.code: article for article in of(definitions, Article)}
    precision = {unit.code: unit.precision for unit in of(definitions, Unit)}
    places = {place.code: place.store for place in of(definitions, Warehouse)}
    goods = {code for code, article in articles.items() if article.kind == "goods" and article.active}
    for store, warehouse, article, quantity in firm.opening_stock:
        assert places[warehouse] == store
        assert article in goods
        assert quantity > 0
        assert half_up(quantity, precision[articles[article].unit]) == quantity
    for shelf in ("KRK-S", "GDN-S"):
        assert {row.article for row in firm.opening_stock if row.warehouse == shelf} == goods
    assert len({(row.warehouse, row.article) for row in firm.opening_stock}) == len(firm.opening_stock)


def test_every_article_has_a_small_square_picture_named_by_its_bytes(
    definitions: tuple[msgspec.Struct, ...],
) -> None:
    pictures = of(definitions, Picture)
    assert len(pictures) >= 300
    assert {article.picture for article in of(definitions, Article)} == {one.code for one in pictures}
    for picture in pictures:
        data = base64.b64decode(picture.data, validate=True)
        assert picture.code == canonical.content_hash(data).hex()
        assert len(data) <= 3072
        with Image.open(io.BytesIO(data)) as image:
            assert (image.format, image.size) == ("WEBP", (160, 160))


def test_the_whole_firm_is_small_enough_to_send_at_once(definitions: tuple[msgspec.Struct, ...]) -> None:
    assert sum(len(canonical.encode(row)) for row in definitions) <= 1_500_000
