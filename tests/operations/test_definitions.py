"""Writing, importing and exporting definitions (HUB-02), on a real PostgreSQL."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from hub_definitions_world import ADMIN, NOBODY, World, guide_examples, open_world
from kontuar.domain.catalogue.records import Article, ArticleCode, ArticleGroup, Price, PriceList, Unit
from kontuar.domain.definitions.kinds import KINDS
from kontuar.domain.firm.records import StationDefinition
from kontuar.domain.parties.records import Operator
from kontuar.kernel.errors import Refused
from kontuar.operations.pins import pin_fits

pytestmark = pytest.mark.postgres
MILK_EAN = "5901234123457"


@pytest.fixture
def world(postgres_url: str, tmp_path: Path) -> Iterator[World]:
    opened = open_world(postgres_url, tmp_path)
    yield opened
    opened.database.close()


@pytest.fixture
def shop(world: World) -> World:
    world.load_guide()
    return world


def codes(refusal: pytest.ExceptionInfo[Refused]) -> list[tuple[str, str]]:
    return [(problem.code, problem.place) for problem in refusal.value.problems]


def article(code: str, **changes: object) -> Article:
    fields = {"name": code, "vat": "5", "unit": "szt", "group": "NAB", **changes}
    return Article(code=code, **fields)  # type: ignore[arg-type]


def test_every_example_of_the_import_guide_is_accepted_in_its_order(world: World) -> None:
    examples = guide_examples()
    assert sorted(kind for kind, _ in examples) == sorted(KINDS)
    for kind, text in examples:
        report = world.files.import_csv(ADMIN, kind, text.encode())
        assert report.problems == ()
        assert report.accepted == report.changed == len(text.strip().splitlines()) - 1


def test_what_is_exported_can_be_imported_again_and_changes_nothing(shop: World) -> None:
    before = shop.version()
    for kind in KINDS:
        report = shop.files.import_csv(ADMIN, kind, shop.files.export_csv(ADMIN, kind))
        assert (report.problems, report.changed) == ((), 0)
    assert shop.version() == before


def test_cells_become_exact_values(shop: World) -> None:
    milk = msgspec.json.decode(shop.definitions.row(ADMIN, "article", "MLEKO").body, type=Article)
    assert milk.eans == (ArticleCode(ean=MILK_EAN, unit="szt"), ArticleCode(ean="15901234123454", unit="krt"))
    assert (milk.units[0].factor, milk.units[0].round_up) == (Decimal("0.1"), True)
    assert (milk.description, milk.name) == ("Świeże; chłodzić", "Mleko 3,2% 1 l")
    price = msgspec.json.decode(shop.definitions.row(ADMIN, "price", "S2|MLEKO|szt|2026-01-01").body, type=Price)
    assert price.price == Decimal("4.19")


def test_one_bad_row_and_nothing_of_the_file_is_written_and_every_bad_row_is_named(shop: World) -> None:
    before = shop.version()
    text = "code;name;precision\nop;opakowanie;0\nx;;0\ny;igrek;zero\nz;zet;9\nop;drugi raz;0\nw;za mało\n"
    report = shop.files.import_csv(ADMIN, "unit", text.encode())
    assert report.accepted == 0
    # Lines that cannot be read come first; what they mean is judged when all can be read.
    assert [(p.code, p.place) for p in report.problems] == [
        ("import.cell_unreadable", "line:4"),
        ("import.cells", "line:7"),
    ]
    readable = "\n".join(line for line in text.splitlines() if "zero" not in line and "mało" not in line)
    report = shop.files.import_csv(ADMIN, "unit", readable.encode())
    assert [(p.code, p.place) for p in report.problems] == [
        ("definition.name_empty", "line:3"),
        ("unit.bad_precision", "line:4"),
        ("definition.twice", "line:5"),
    ]
    assert shop.version() == before
    with pytest.raises(Refused):
        shop.definitions.row(ADMIN, "unit", "op")


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (b"", "import.empty", ""),
        ("code;name\nł;Ł\n".encode("cp1250"), "import.not_utf8", "line:2"),
        (b"code;name\n\0;x\n", "import.not_text", "line:2"),
        (b"code;name;colour\n", "import.column_unknown", "line:1"),
        (b"code;precision\n", "import.column_missing", "line:1"),
        (b"code;name;name\n", "import.column_twice", "line:1"),
        (b'code;name\nx;"open\n', "import.line_unreadable", "line:2"),
        (b"x" * (64 * 1024 * 1024 + 1), "import.too_large", ""),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(world: World, data: bytes, code: str, place: str) -> None:
    report = world.files.import_csv(ADMIN, "unit", data)
    assert [(problem.code, problem.place) for problem in report.problems] == [(code, place)]
    assert world.version() == 0


@pytest.mark.parametrize("mark", [";", ",", "\t"])
def test_semicolon_comma_and_tab_part_the_cells(world: World, mark: str) -> None:
    world.load("unit", f"\ufeffcode{mark}name{mark}precision\r\nkg{mark}kilogram{mark}3\r\n")
    assert shop_unit(world, "kg") == Unit(code="kg", name="kilogram", precision=3)


def shop_unit(world: World, code: str) -> Unit:
    return msgspec.json.decode(world.definitions.row(ADMIN, "unit", code).body, type=Unit)


def test_references_may_be_in_the_same_write_and_must_be_somewhere(shop: World) -> None:
    new_group = ArticleGroup(code="SERY", name="Sery", parent="NAB")
    shop.definitions.put_rows(ADMIN, [("article", article("BRIE", group="SERY")), ("article_group", new_group)])
    before = shop.version()
    with pytest.raises(Refused) as refusal:
        shop.definitions.put_rows(ADMIN, [("article", article("X", group="NIC", unit="beczka", vat="99"))])
    assert [(p.facts["field"], p.facts["key"]) for p in refusal.value.problems] == [
        ("unit", "beczka"),
        ("group", "NIC"),
        ("vat", "99"),
    ]
    assert shop.version() == before


def test_a_row_that_others_need_is_not_removed_and_the_refusal_says_by_whom(shop: World) -> None:
    with pytest.raises(Refused) as refusal:
        shop.definitions.remove_rows(ADMIN, [("unit", "kg")])
    assert codes(refusal) == [("definition.referred_to", "unit:kg")]
    assert refusal.value.problems[0].facts["by"] == "SER"
    shop.definitions.remove_rows(ADMIN, [("unit", "kg"), ("article", "SER"), ("price", "DETAL|SER|kg|2026-01-01")])
    with pytest.raises(Refused) as missing:
        shop.definitions.row(ADMIN, "unit", "kg")
    assert codes(missing) == [("definition.not_found", "unit:kg")]


def test_the_last_vat_rate_of_a_code_stays_while_articles_have_it(shop: World) -> None:
    shop.load("vat_rate", "code;valid_from;percent;letter\n5;2027-01-01;6;C\n")
    shop.definitions.remove_rows(ADMIN, [("vat_rate", "5|2020-01-01")])
    with pytest.raises(Refused) as refusal:
        shop.definitions.remove_rows(ADMIN, [("vat_rate", "5|2027-01-01")])
    assert codes(refusal) == [("definition.referred_to", "vat_rate:5|2027-01-01")]


def test_an_ean_a_series_and_a_card_belong_to_one_row_only(shop: World) -> None:
    mine = (ArticleCode(ean=MILK_EAN, unit="szt"),)
    with pytest.raises(Refused) as refusal:
        shop.definitions.put_rows(ADMIN, [("article", article("MASLO", eans=mine))])
    assert refusal.value.problems[0].facts == {
        "value": MILK_EAN,
        "kind": "article",
        "key": "MLEKO",
        "field": "eans",
    }
    station = StationDefinition(code="K9", name="Kasa 9", store="S1", series="K1")
    with pytest.raises(Refused) as series:
        shop.definitions.put_rows(ADMIN, [("station", station)])
    assert codes(series) == [("station.series_taken", "station:K9")]


def test_an_ean_may_move_from_one_article_to_another_in_one_write(shop: World) -> None:
    mine = (ArticleCode(ean=MILK_EAN, unit="szt"),)
    shop.definitions.put_rows(ADMIN, [("article", article("MLEKO")), ("article", article("MLEKO2", eans=mine))])
    found = shop.definitions.page(ADMIN, "article", text=MILK_EAN)
    assert [row.key for row in found] == ["MLEKO2"]


def test_a_group_cannot_lie_under_itself(shop: World) -> None:
    with pytest.raises(Refused) as refusal:
        shop.definitions.put_rows(ADMIN, [("article_group", ArticleGroup(code="WSZ", name="W", parent="NAB"))])
    assert codes(refusal) == [("definition.loop", "article_group:WSZ")]


def test_equal_content_makes_no_version_and_a_write_makes_one(shop: World) -> None:
    before, told = shop.version(), len(shop.told)
    rows = [("unit", Unit(code="op", name="opakowanie")), ("unit", Unit(code="m", name="metr", precision=2))]
    assert (shop.definitions.put_rows(ADMIN, rows).version, shop.definitions.put_rows(ADMIN, rows).changed) == (
        before + 1,
        0,
    )
    assert (shop.version(), len(shop.told)) == (before + 1, told + 1)


def test_a_pin_becomes_a_verifier_and_is_neither_kept_nor_shown(shop: World) -> None:
    """SEC-05."""
    stored = shop.definitions.row(ADMIN, "operator", "ANNA").body
    anna = msgspec.json.decode(stored, type=Operator)
    assert pin_fits(anna.pin_verifier, "1234")
    assert not pin_fits(anna.pin_verifier, "1235")
    assert b"1234" not in stored.replace(anna.pin_verifier.encode(), b"")
    exported = shop.files.export_csv(ADMIN, "operator")
    assert b"argon2" not in exported
    assert b"pin" not in exported


def test_an_operator_written_without_a_pin_keeps_his_own_and_a_new_one_needs_one(shop: World) -> None:
    body = b'{"code": "ANNA", "name": "Anna Kowalska", "roles": ["KASJER"]}'
    shop.definitions.put_rows(ADMIN, [("operator", shop.reader.from_json(ADMIN, "operator", body))])
    anna = msgspec.json.decode(shop.definitions.row(ADMIN, "operator", "ANNA").body, type=Operator)
    assert (anna.name, pin_fits(anna.pin_verifier, "1234")) == ("Anna Kowalska", True)
    with pytest.raises(Refused) as refusal:
        shop.reader.from_json(ADMIN, "operator", b'{"code": "NOWY", "name": "N", "roles": []}')
    assert codes(refusal) == [("operator.pin_missing", "pin")]
    for pin in ("123", "123456789", "12a4", "١٢٣٤"):
        with pytest.raises(Refused) as bad:
            shop.reader.from_json(
                ADMIN, "operator", f'{{"code": "N", "name": "N", "roles": [], "pin": "{pin}"}}'.encode()
            )
        assert codes(bad) == [("operator.bad_pin", "pin")]


def test_a_row_in_json_is_exact_and_unknown_fields_are_refused(shop: World) -> None:
    body = b'{"price_list":"DETAL","article":"SER","unit":"kg","valid_from":"2026-12-01","price":0.1000000000000000055}'
    assert shop.reader.from_json(ADMIN, "price", body).price == Decimal("0.1000000000000000055")
    with pytest.raises(Refused) as refusal:
        shop.reader.from_json(ADMIN, "unit", b'{"code": "x", "name": "x", "colour": "red"}')
    assert codes(refusal) == [("definition.field_unknown", "colour")]


def test_nobody_writes_or_reads_without_the_right(shop: World) -> None:
    """SEC-01."""
    before = shop.version()
    attempts = [
        lambda: shop.definitions.put_rows(NOBODY, [("unit", Unit(code="x", name="x"))]),
        lambda: shop.definitions.remove_rows(NOBODY, [("unit", "krt")]),
        lambda: shop.files.import_csv(NOBODY, "unit", b"code;name\nx;x\n"),
        lambda: shop.reader.from_json(NOBODY, "unit", b'{"code": "x", "name": "x"}'),
        lambda: shop.files.export_csv(NOBODY, "unit"),
        lambda: shop.definitions.page(NOBODY, "unit"),
        lambda: shop.definitions.row(NOBODY, "unit", "kg"),
        lambda: shop.definitions.history(NOBODY, "unit", "kg"),
        lambda: shop.definitions.counts(NOBODY),
    ]
    for attempt in attempts:
        with pytest.raises(Refused) as refusal:
            attempt()
        assert codes(refusal) == [("right.missing", "")]
    assert shop.version() == before


def test_the_history_says_who_changed_what_when(shop: World) -> None:
    shop.clock.forward(60)
    shop.definitions.put_rows(ADMIN, [("unit", Unit(code="krt", name="karton duży"))])
    shop.definitions.remove_rows(ADMIN, [("article", "MLEKO"), *prices_of_milk()])
    shop.definitions.remove_rows(ADMIN, [("unit", "krt")])
    past = shop.definitions.history(ADMIN, "unit", "krt")
    assert [entry.body is None for entry in past] == [True, False, False]
    assert past[0].version > past[1].version > past[2].version
    assert {entry.changed_by for entry in past} == {"SZEF"}
    assert (past[1].changed_at - past[2].changed_at).total_seconds() == 60


def prices_of_milk() -> list[tuple[str, str]]:
    return [("price", "DETAL|MLEKO|szt|2026-01-01"), ("price", "S2|MLEKO|szt|2026-01-01")]


def test_lists_are_paged_by_key_and_searched_as_people_type(world: World) -> None:
    world.load("unit", "code;name\n" + "".join(f"u{number:03};Jednostka Łódź {number}\n" for number in range(120)))
    first = world.definitions.page(ADMIN, "unit", limit=50)
    second = world.definitions.page(ADMIN, "unit", after=first[-1].key, limit=50)
    third = world.definitions.page(ADMIN, "unit", after=second[-1].key, limit=50)
    assert [row.key for row in (*first, *second, *third)] == [f"u{number:03}" for number in range(120)]
    assert [row.key for row in world.definitions.page(ADMIN, "unit", text=" lodz 117")] == ["u117"]
    assert world.definitions.page(ADMIN, "unit", text="%") == []


def test_a_price_goes_where_its_list_goes_also_when_the_list_moves(shop: World) -> None:
    """HUB-03."""

    def holders(key: str) -> tuple[str, ...] | None:
        return shop.definitions.row(ADMIN, "price", key).scope

    assert (holders("DETAL|SER|kg|2026-01-01"), holders("S2|MLEKO|szt|2026-01-01")) == (None, ("S2",))
    moved = PriceList(code="S2", name="Ceny sklepu 2", currency="PLN", stores=("S1",))
    shop.definitions.put_rows(ADMIN, [("price_list", moved)])
    assert holders("S2|MLEKO|szt|2026-01-01") == ("S1",)
