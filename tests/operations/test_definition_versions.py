"""Versions, withdrawal, later changes, history by fields, previews (HUB-02, HUB-03), on a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub_definitions_world import ADMIN, NOBODY, World, open_world
from kontuar.domain.catalogue.records import Article, ArticleCode, PriceList, Unit
from kontuar.kernel.errors import Refused
from kontuar.operations.hub.defining.history import FieldChange, history_of
from kontuar.operations.hub.defining.parameters import parameters_at
from kontuar.operations.hub.defining.similar import similar_contractors
from kontuar.operations.hub.defining.versions import changes_of, running_versions, versions, withdraw

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


def read(shop: World, kind: str, key: str, record: type[Any]) -> Any:
    return msgspec.json.decode(shop.definitions.row(ADMIN, kind, key).body, type=record)


def told(refusal: pytest.ExceptionInfo[Refused]) -> list[tuple[str, str]]:
    return [(problem.code, problem.place) for problem in refusal.value.problems]


def test_every_write_is_a_version_that_says_what_it_did(shop: World) -> None:
    kilogram = Unit(code="kg", name="kilo", precision=3)
    made = shop.definitions.put_rows(ADMIN, [("unit", Unit(code="op", name="opakowanie")), ("unit", kilogram)])
    newest, before = versions(shop.definitions, ADMIN, limit=2)
    assert (newest.version, newest.made_by, newest.rows, newest.kinds) == (made.version, "SZEF", 2, ("unit",))
    assert versions(shop.definitions, ADMIN, before=newest.version, limit=1) == [before]
    kg, op = changes_of(shop.definitions, ADMIN, made.version)
    assert (kg.key, kg.action, kg.changes) == ("kg", "changed", (FieldChange("name", "kilogram", "kilo"),))
    assert (op.key, op.action, op.changes[0]) == ("op", "made", FieldChange("code", "", "op"))


def test_the_history_tells_each_field_before_and_after_but_never_a_pin(shop: World) -> None:
    body = b'{"code": "ANNA", "name": "Anna Kowalska", "roles": ["KASJER"], "stores": ["S1"], "pin": "4321"}'
    shop.definitions.put_rows(ADMIN, [("operator", shop.reader.from_json(ADMIN, "operator", body))])
    newest, first = history_of(shop.definitions, ADMIN, "operator", "ANNA")
    assert (newest.action, first.action) == ("changed", "made")
    assert newest.changes == (FieldChange("name", "Anna Nowak", "Anna Kowalska"), FieldChange("pin", "", ""))


def test_withdrawing_restores_what_was_and_is_a_version_of_its_own(shop: World) -> None:
    before = shop.definitions.row(ADMIN, "article", "SER").body
    bad = shop.definitions.change(
        ADMIN,
        [("article", read_with(shop, "SER", name="Ser zepsuty")), ("unit", Unit(code="op", name="opakowanie"))],
        [("reason", "USZK")],
    )
    undone = withdraw(shop.definitions, ADMIN, bad.version)
    assert (undone.version, undone.changed) == (bad.version + 1, 3)
    assert shop.definitions.row(ADMIN, "article", "SER").body == before
    assert shop.definitions.row(ADMIN, "reason", "USZK").key == "USZK"
    with pytest.raises(Refused):
        shop.definitions.row(ADMIN, "unit", "op")
    assert versions(shop.definitions, ADMIN, limit=1)[0].withdraws == bad.version


def read_with(shop: World, key: str, **changes: Any) -> Article:
    article: Article = read(shop, "article", key, Article)
    return msgspec.structs.replace(article, **changes)


def test_an_ean_goes_back_to_the_article_it_was_taken_from(shop: World) -> None:
    new = read_with(shop, "SER", code="NOWY", unit="szt", eans=(ArticleCode(ean=MILK_EAN, unit="szt"),))
    moved = shop.definitions.put_rows(ADMIN, [("article", read_with(shop, "MLEKO", eans=())), ("article", new)])
    withdraw(shop.definitions, ADMIN, moved.version)
    assert MILK_EAN in {code.ean for code in read(shop, "article", "MLEKO", Article).eans}


def test_what_was_changed_later_or_is_needed_now_keeps_a_version_from_being_withdrawn(shop: World) -> None:
    first = shop.definitions.put_rows(ADMIN, [("unit", Unit(code="op", name="opakowanie"))])
    shop.definitions.put_rows(ADMIN, [("article", read_with(shop, "SER", unit="op"))])
    with pytest.raises(Refused) as needed:
        withdraw(shop.definitions, ADMIN, first.version)
    assert told(needed) == [("definition.referred_to", "unit:op")]
    assert needed.value.problems[0].facts["by"] == "SER"
    later = shop.definitions.put_rows(ADMIN, [("unit", Unit(code="op", name="opakowanie zbiorcze"))])
    at = shop.version()
    with pytest.raises(Refused) as changed:
        withdraw(shop.definitions, ADMIN, first.version)
    assert told(changed) == [("version.changed_since", "unit:op")]
    assert changed.value.problems[0].facts["version"] == str(later.version)
    assert shop.version() == at


def test_withdrawing_twice_and_withdrawing_nothing_are_refused(shop: World) -> None:
    made = shop.definitions.put_rows(ADMIN, [("unit", Unit(code="op", name="opakowanie"))])
    withdraw(shop.definitions, ADMIN, made.version)
    for version, code in ((made.version, "version.changed_since"), (99_999, "version.not_found")):
        with pytest.raises(Refused) as refusal:
            withdraw(shop.definitions, ADMIN, version)
        assert refusal.value.problems[0].code == code
    with pytest.raises(Refused) as nobody:
        withdraw(shop.definitions, NOBODY, made.version)
    assert nobody.value.problems[0].code == "right.missing"


def test_a_list_of_prices_sent_elsewhere_comes_back_with_its_prices(shop: World) -> None:
    moved = PriceList(code="S2", name="Ceny sklepu 2", currency="PLN", stores=("S1",))
    version = shop.definitions.put_rows(ADMIN, [("price_list", moved)]).version
    withdraw(shop.definitions, ADMIN, version)
    assert shop.definitions.row(ADMIN, "price", "S2|MLEKO|szt|2026-01-01").scope == ("S2",)


def test_saving_over_somebody_elses_later_change_is_refused_and_names_him(shop: World) -> None:
    seen = shop.definitions.row(ADMIN, "unit", "kg").version
    other = msgspec.structs.replace(ADMIN, operator="INNY")
    later = shop.definitions.put_one(other, "unit", "kg", Unit(code="kg", name="kilo", precision=3), seen)
    with pytest.raises(Refused) as refusal:
        shop.definitions.put_one(ADMIN, "unit", "kg", Unit(code="kg", name="kg", precision=3), seen)
    facts = refusal.value.problems[0].facts
    assert told(refusal) == [("definition.conflict", "unit:kg")]
    assert (facts["by"], facts["version"]) == ("INNY", str(later.version))
    with pytest.raises(Refused) as taken:
        shop.definitions.put_one(ADMIN, "unit", "kg", Unit(code="kg", name="kg"), 0)
    assert told(taken) == [("definition.taken", "unit:kg")]


def test_a_price_that_was_only_sent_elsewhere_is_no_later_change(shop: World) -> None:
    key = "S2|MLEKO|szt|2026-01-01"
    seen = shop.definitions.row(ADMIN, "price", key)
    moved = PriceList(code="S2", name="Ceny sklepu 2", currency="PLN", stores=("S1",))
    shop.definitions.put_rows(ADMIN, [("price_list", moved)])
    record = shop.reader.from_json(ADMIN, "price", seen.body.replace(b"4.19", b"4.29"))
    assert shop.definitions.put_one(ADMIN, "price", key, record, seen.version).changed == 1


def test_a_preview_tells_what_a_file_would_do_and_writes_nothing(shop: World) -> None:
    at = shop.version()
    text = b"code;name;precision\nszt;sztuka;0\nkg;kilo;3\nop;opakowanie;0\n"
    found = shop.files.preview(ADMIN, "unit", text, "csv")
    assert (found.made, found.changed, found.same, found.problems) == (1, 1, 1, ())
    assert [(row.key, row.action) for row in found.rows] == [("kg", "changed"), ("op", "made")]
    assert found.rows[0].changes == (FieldChange("name", "kilogram", "kilo"),)
    assert shop.version() == at
    other = shop.files.import_file(ADMIN, "unit", text + b"m;metr;2\n", "csv", found.fingerprint)
    assert [problem.code for problem in other.problems] == ["import.other_file"]
    assert shop.files.import_file(ADMIN, "unit", text, "csv", found.fingerprint).changed == 2


def test_a_preview_names_what_the_import_would_refuse(shop: World) -> None:
    text = "code;name;parent\nX;X;Y\n"
    found = shop.files.preview(ADMIN, "centre", text.encode(), "csv")
    assert [(problem.code, problem.place) for problem in found.problems] == [("definition.reference_unknown", "line:2")]


def test_parameters_say_from_which_scope_their_value_comes(shop: World) -> None:
    shop.load("parameter", "name;scope;value\nlocale.language;centre:CENTRALA;en\nprint.automatic;station:K2;no\n")
    at_k2 = {one.name: one for one in parameters_at(shop.definitions, ADMIN, "station:K2")}
    assert (at_k2["locale.language"].value, at_k2["locale.language"].given) == ("pl", "store:S2")
    assert (at_k2["print.automatic"].value, at_k2["print.automatic"].inherited_from) == ("no", "default")
    at_s1 = {one.name: one for one in parameters_at(shop.definitions, ADMIN, "store:S1")}
    assert (at_s1["locale.language"].value, at_s1["locale.language"].given) == ("en", "centre:CENTRALA")
    with pytest.raises(Refused) as refusal:
        parameters_at(shop.definitions, ADMIN, "station:NIC")
    assert refusal.value.problems[0].code == "definition.not_found"


@pytest.mark.parametrize(
    ("fields", "same"),
    [
        ('"name": "Inna", "tax_number": "525-224-84-81", "kind": "business"', "tax_number"),
        ('"name": "hurtownia baltyk"', "name"),
        ('"name": "Inna", "email": "BIURO@example.com"', "email"),
    ],
)
def test_a_contractor_who_may_be_there_already_is_found(shop: World, fields: str, same: str) -> None:
    """HUB-14."""
    record = shop.reader.from_json(ADMIN, "contractor", f'{{"code": "N", {fields}}}'.encode())
    found = similar_contractors(shop.definitions, ADMIN, record)
    assert [(one.code, one.same) for one in found] == [("HURT", same)]


def test_which_version_a_node_runs_is_what_it_said(shop: World) -> None:
    assert running_versions(shop.definitions, ADMIN) == []
    with shop.database.transaction():
        shop.database.connection.execute(
            "INSERT INTO node_contact (node, store, kind, incarnation, last_seen_at, build, clock_skew_ms, "
            "claimed_seq, definitions_version, queue_length) VALUES ('K1', 'S1', 'station', 'x', now(), '', 0, 0, 7, 0)"
        )
    [found] = running_versions(shop.definitions, ADMIN)
    assert (found.node, found.store, found.version) == ("K1", "S1", 7)
