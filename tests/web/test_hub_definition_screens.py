"""Forms, files, versions and matrices of definitions over HTTP, through the whole application (HUB-02, HUB-03)."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook

from hub_forms import API, Client, firm_in_a_browser, form_of, log_in, row, save
from kontuar.domain.definitions.kinds import KINDS

pytestmark = pytest.mark.postgres


@pytest.fixture
def shop(postgres_url: str, tmp_path: Path) -> Iterator[Client]:
    """The firm of the guide; the client is logged in as SZEF in a browser and sends his page's token."""
    with firm_in_a_browser(postgres_url, tmp_path) as client:
        yield client


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"picture"}))
def test_every_form_saved_untouched_changes_nothing(shop: Client, kind: str) -> None:
    """What a form shows is what it saves: the whole row, for every kind."""
    for found in shop.get(f"{API}/{kind}").json()["rows"]:
        items = form_of(shop, f"/definitions/{kind}/row?key={found['key'].replace('|', '%7C')}")
        answer = save(shop, kind, items)
        assert answer.status_code == 200, answer.text
        again = shop.get(f"{API}/{kind}/{found['key']}").json()
        assert (again["row"], again["version"]) == (found["row"], found["version"])


def test_every_kind_has_an_empty_form_that_says_what_it_needs(shop: Client) -> None:
    for kind in KINDS:
        items = form_of(shop, f"/definitions/{kind}/new")
        answer = save(shop, kind, items)
        assert answer.status_code == 422
        assert "This field needs a value" in answer.text


def test_a_new_article_with_units_and_eans_is_made_from_its_form(shop: Client) -> None:
    items = form_of(shop, "/definitions/article/new")
    parts = {"code": "MASLO", "name": "Masło 82%", "vat": "5", "unit": "szt", "group": "NAB"}
    rows = {"units.7.unit": "krt", "units.7.factor": "0,05", "units.7.round_up": "yes", "eans.0.ean": "5901234123495"}
    answer = save(shop, "article", items, **parts, **rows, **{"eans.0.unit": "krt"})
    assert answer.headers["hx-redirect"].startswith("/definitions/article/row?key=MASLO&saved=")
    made = row(shop, "article", "MASLO")
    assert made["units"] == [{"unit": "krt", "factor": "0.05", "round_up": True}]
    assert made["eans"] == [{"ean": "5901234123495", "unit": "krt"}]
    assert made["active"] is True


def test_each_message_stands_at_its_field_and_what_was_typed_stays(shop: Client) -> None:
    items = form_of(shop, "/definitions/article/new")
    answer = save(shop, "article", items, code="X", name="Ser żółty", vat="99", unit="beczka", group="")
    assert answer.status_code == 422
    assert re.search(r'id="group-error">.*?This field needs a value', answer.text, re.S)
    answer = save(shop, "article", items, code="X", name="Ser żółty", vat="99", unit="beczka", group="NAB")
    assert set(re.findall(r'id="(\w+)-error"', answer.text)) == {"vat", "unit"}
    assert 'value="Ser żółty"' in answer.text


def test_saving_over_somebody_elses_change_shows_both_and_can_be_decided(shop: Client) -> None:
    items = form_of(shop, "/definitions/unit/row?key=kg")
    shop.put(f"{API}/unit/kg", json={"code": "kg", "name": "kilo", "precision": 3})
    answer = save(shop, "unit", items, name="kilogramy")
    assert answer.status_code == 409
    assert "<td>kilo</td><td>kilogramy</td>" in answer.text
    newest = re.search(r'name="version" value="(\d+)"', answer.text)
    assert newest is not None
    assert save(shop, "unit", items, name="kilogramy", version=newest[1]).status_code == 200
    assert row(shop, "unit", "kg")["name"] == "kilogramy"


def test_a_version_in_if_match_guards_the_api_too(shop: Client) -> None:
    tag = shop.get(f"{API}/unit/kg").headers["etag"]
    body = {"code": "kg", "name": "kilo", "precision": 3}
    assert shop.put(f"{API}/unit/kg", json=body, headers={"If-Match": tag}).status_code == 200
    late = shop.put(f"{API}/unit/kg", json={**body, "name": "kg"}, headers={"If-Match": tag})
    assert (late.status_code, late.json()["problems"][0]["code"]) == (409, "definition.conflict")
    assert shop.put(f"{API}/unit/kg", json=body, headers={"If-Match": "no"}).status_code == 422


def test_a_pin_is_set_by_the_form_and_never_shown(shop: Client) -> None:
    """SEC-05."""
    items = form_of(shop, "/definitions/operator/row?key=ANNA")
    assert ("pin", "") in items
    refused = save(shop, "operator", items, pin="12")
    assert refused.status_code == 422
    assert 'value="12"' not in refused.text
    assert save(shop, "operator", items, pin="4321").status_code == 200
    page = shop.get("/definitions/operator/row?key=ANNA").text
    assert "argon2" not in page
    assert "changed; never shown" in page


def test_a_contractor_who_may_be_here_is_asked_about_once(shop: Client) -> None:
    """HUB-14."""
    items = form_of(shop, "/definitions/contractor/new")
    typed = {"code": "HURT2", "name": "Hurtownia Baltyk", "country": "PL"}
    asked = save(shop, "contractor", items, **typed)
    assert asked.status_code == 422
    assert 'name="similar_seen"' in asked.text
    assert "HURT" in asked.text
    assert save(shop, "contractor", items, **typed, similar_seen="yes").status_code == 200


def test_what_is_needed_is_not_removed_and_says_by_whom(shop: Client) -> None:
    answer = shop.post("/definitions/unit/remove?key=kg")
    assert answer.status_code == 422
    assert "/definitions/article/row?key=SER" in answer.text
    assert shop.post("/definitions/unit/remove?key=krt").status_code == 422
    assert shop.post("/definitions/reason/remove?key=USZK").headers["hx-redirect"] == "/definitions/reason"


def test_a_copy_has_everything_but_what_only_one_row_may_have(shop: Client) -> None:
    copied = dict(form_of(shop, "/definitions/article/new?copy=MLEKO"))
    assert (copied["code"], copied["name"], copied["units.0.unit"]) == ("", "Mleko 3,2% 1 l", "krt")
    assert "5901234123457" not in copied.values()


def test_a_file_is_looked_at_and_then_imported_from_the_screen(shop: Client) -> None:
    file = {"file": ("u.csv", b"code;name\nop;opakowanie\n", "text/csv")}
    looked = shop.post("/definitions/unit/preview", files=file)
    assert looked.status_code == 200
    mark = re.search(r'name="fingerprint" value="(\w{64})"', looked.text)
    assert mark is not None
    assert shop.get(f"{API}/unit/op").status_code == 404
    other = {"file": ("u.csv", b"code;name\nop;inne\n", "text/csv")}
    assert shop.post("/definitions/unit/import", files=other, data={"fingerprint": mark[1]}).status_code == 422
    assert shop.post("/definitions/unit/import", files=file, data={"fingerprint": mark[1]}).status_code == 200
    assert row(shop, "unit", "op")["name"] == "opakowanie"


def test_workbooks_go_out_and_come_in_over_the_api(shop: Client) -> None:
    answer = shop.get(f"{API}/unit/export.xlsx")
    book = load_workbook(io.BytesIO(answer.content))
    book.active["B2"] = "=1"
    written = io.BytesIO()
    book.save(written)
    refused = shop.post(f"{API}/unit/import", content=written.getvalue())
    assert refused.status_code == 422
    assert refused.json()["problems"][0]["message"].startswith("Sheet unit, cell B2: The cell holds a formula")
    looked = shop.post(f"{API}/unit/preview", content=answer.content).json()
    assert (looked["made"], looked["changed"], looked["same"]) == (0, 0, 3)


def test_a_version_is_listed_shown_and_withdrawn(shop: Client) -> None:
    made = shop.put(f"{API}/unit/op", json={"code": "op", "name": "opakowanie"}).json()["version"]
    assert f'href="/definition-versions/{made}"' in shop.get("/definition-versions").text
    assert "opakowanie" in shop.get(f"/definition-versions/{made}").text
    assert shop.get("/api/v1/definition-versions?limit=1").json()[0]["version"] == made
    assert shop.get(f"/api/v1/definition-versions/{made}").json()[0]["action"] == "made"
    undone = shop.post(f"/definition-versions/{made}/withdraw")
    assert undone.headers["hx-redirect"] == f"/definition-versions/{made + 1}"
    again = shop.post(f"/api/v1/definition-versions/{made}/withdraw")
    assert (again.status_code, again.json()["problems"][0]["code"]) == (422, "version.changed_since")
    assert shop.post("/api/v1/definition-versions/999999/withdraw").status_code == 404


def test_the_matrix_of_rights_writes_what_was_ticked(shop: Client) -> None:
    """HUB-15."""
    page = shop.get("/definitions/role/matrix").text
    ticked = re.findall(r'value="(\w+\|[\w.]+)"[^>]*? checked', page)
    versions = dict(re.findall(r'name="(version\.\w+)" value="(\d+)"', page))
    ticked = [tick for tick in ticked if tick != "KASJER|receipt.void_line"] + ["KASJER|price.change"]
    assert shop.post("/definitions/role/matrix", data={"tick": ticked, **versions}).status_code == 200
    rights = row(shop, "role", "KASJER")["rights"]
    assert "price.change" in rights
    assert "receipt.void_line" not in rights
    assert shop.post("/definitions/role/matrix", data={"tick": [], **versions}).status_code == 409


def test_parameters_are_set_and_let_go_at_a_scope(shop: Client) -> None:
    path = "/definitions/parameter/scopes?at=store:S2"
    sent = {"own.print.automatic": "yes", "value.print.automatic": "no"}
    assert shop.post(path, data=sent).status_code == 200
    rows = {found["key"] for found in shop.get(f"{API}/parameter").json()["rows"]}
    assert "print.automatic|store:S2" in rows
    assert "locale.language|store:S2" not in rows
    found = shop.get("/api/v1/definition-questions/parameters?scope=store:S2").json()
    assert next(one["given"] for one in found if one["name"] == "print.automatic") == "store:S2"


def test_prices_stand_in_a_table_and_a_number_has_a_sample(shop: Client) -> None:
    assert "32.90" in shop.get("/definitions/price/table?q=ser").text
    sample = "/definitions/numbering/sample?document_type=receipt&pattern={symbol}/{year}/{month}/{number:4}/{series}"
    assert "PAR/2026/11/0001/K1" in shop.get(sample).text
    asked = {"document_type": "receipt", "pattern": "{number}"}
    refused = shop.get("/api/v1/definition-questions/numbering-sample", params=asked)
    assert refused.json()["problems"][0]["code"] == "numbering.part_missing"


def test_a_picture_comes_as_a_file_and_stays_without_one(shop: Client) -> None:
    data = {"key": "", "version": "0", "code": "zdjecie", "media_type": "", "data": ""}
    file = {"file": ("k.png", b"\x89PNG\r\n\x1a\nxyz", "image/png")}
    assert shop.post("/definitions/picture/save", data=data, files=file).status_code == 200
    made = shop.get(f"{API}/picture/zdjecie").json()
    assert (made["row"]["media_type"], made["row"]["data"]) == ("image/png", "iVBORw0KGgp4eXo=")
    assert shop.post("/definitions/picture/save", data={**data, "code": "bez"}).status_code == 422


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/definitions/unit/new"), ("POST", "/definitions/unit/save"),
        ("GET", "/definitions/unit/remove?key=kg"),
        ("POST", "/definitions/unit/remove?key=kg"), ("GET", "/definitions/unit/import"),
        ("POST", "/definitions/unit/import"), ("POST", "/definitions/role/matrix"),
        ("POST", "/definitions/parameter/scopes"), ("POST", "/definition-versions/1/withdraw"),
        ("GET", "/definition-versions/1/withdraw"), ("GET", "/definitions/unit"),
        ("GET", "/definitions/unit/row?key=kg"),
        ("GET", "/definitions/unit/choose"), ("GET", "/definition-versions"), ("GET", "/definitions/role/matrix"),
        ("GET", "/definitions/price/table"), ("GET", "/definitions/parameter/scopes"),
    ],
)  # fmt: skip
def test_a_cashier_sees_and_changes_nothing(shop: Client, method: str, path: str) -> None:
    """SEC-01."""
    log_in(shop, "ANNA", "1234")
    page = shop.get("/language")  # the token of his login stands on no page that he may see
    assert page.status_code in (404, 405)
    answer = shop.request(method, path, data={} if method == "POST" else None)
    assert answer.status_code == 403, (answer.status_code, answer.text[:200])


def test_a_form_without_the_pages_token_changes_nothing(shop: Client) -> None:
    """SEC-03."""
    items = form_of(shop, "/definitions/unit/row?key=kg")
    del shop.headers["X-CSRF-Token"]
    assert save(shop, "unit", items, name="inna").status_code == 403
    assert row(shop, "unit", "kg")["name"] == "kilogram"
