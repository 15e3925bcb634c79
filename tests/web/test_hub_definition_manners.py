"""Screens of definitions as a manager meets them: names beside codes, calm new forms, nobody's change written over."""

import re
from collections.abc import Iterator

import pytest

from hub_forms import API, Client, firm_in_a_browser, form_of, row, save
from kontuar.domain.firm.parameters import PARAMETERS
from kontuar.web.i18n import texts
from postgres_fixture import fresh_database, open_temporary_folder

pytestmark = pytest.mark.postgres
AT_S2 = "/definitions/parameter/scopes?at=store:S2"


@pytest.fixture(scope="module")
def shop(postgres_server: str) -> Iterator[Client]:
    with (
        fresh_database(postgres_server) as url,
        open_temporary_folder() as folder,
        firm_in_a_browser(url, folder) as client,
    ):
        yield client


def cells(client: Client, path: str, key: str) -> list[str]:
    """The texts of a list's row."""
    found = re.search(rf'<tr data-row="{re.escape(key)}".*?</tr>', client.get(path).text, re.S)
    assert found is not None, key
    return re.findall(r"<td[^>]*>(.*?)</td>", found[0], re.S)


def shown_parameters(client: Client) -> dict[str, str]:
    """What the form of a scope would send when nobody touched it."""
    page = client.get(AT_S2).text
    sent = dict(re.findall(r'name="((?:version|shown)\.[\w.]+)" value="([^"]*)"', page))
    sent |= {name.replace("shown.", "value."): value for name, value in sent.items() if name.startswith("shown.")}
    return sent | {f"own.{name}": "yes" for name in re.findall(r'name="own\.([\w.]+)" value="yes"[^>]* checked', page)}


def here(client: Client, name: str) -> str | None:
    """The value that store S2 sets."""
    found = client.get(f"{API}/parameter/{name}%7Cstore:S2")
    return found.json()["row"]["value"] if found.status_code == 200 else None


def test_a_list_says_the_names_of_what_its_rows_name(shop: Client) -> None:
    """HUB-01: an article's code alone tells nobody what costs so much."""
    price = cells(shop, "/definitions/price", "DETAL|SER|kg|2026-01-01")
    assert price == ["DETAL · Ceny detaliczne", "SER · Ser gouda na wagę", "kg", "01/01/2026", "32.90"]
    station = cells(shop, "/definitions/station", "K2")
    assert "S2 · Sklep Sopot" in station


def test_a_list_keeps_its_columns_apart_from_those_of_other_kinds(shop: Client) -> None:
    assert 'data-list="definitions-unit"' in shop.get("/definitions/unit").text
    assert 'hx-target="#definitions-unit-rows"' in shop.get("/definitions/unit").text


def test_the_sample_of_a_number_stays_in_its_place_and_waits_for_a_type(shop: Client) -> None:
    """It asked to be shown in the place of the whole form."""
    form = shop.get("/definitions/numbering/row?key=receipt").text
    sample = re.search(r'<div[^>]*id="sample"[^>]*>', form)
    assert sample is not None
    assert 'hx-target="this"' in sample[0]
    assert 'hx-swap="innerHTML"' in sample[0]
    assert shop.get("/definitions/numbering/sample?document_type=&pattern=").text.strip() == ""


def test_a_value_changed_without_the_tick_is_set_all_the_same(shop: Client) -> None:
    """HUB-02: it went nowhere, under the words *saved*."""
    sent = shown_parameters(shop)
    assert shop.post(AT_S2, data={**sent, "value.login.session_minutes": "90"}).status_code == 200
    assert here(shop, "login.session_minutes") == "90"
    assert here(shop, "print.automatic") is None
    sent = shown_parameters(shop)
    del sent["own.login.session_minutes"]
    assert shop.post(AT_S2, data=sent).status_code == 200
    assert here(shop, "login.session_minutes") is None


def test_a_late_form_of_parameters_takes_nothing_back_that_somebody_set_meanwhile(shop: Client) -> None:
    late = shown_parameters(shop)
    sent = {**late, "own.print.automatic": "yes", "value.print.automatic": "no"}
    assert shop.post(AT_S2, data=sent).status_code == 200
    assert shop.post(AT_S2, data={**late, "value.login.session_minutes": "60"}).status_code == 200
    assert (here(shop, "print.automatic"), here(shop, "login.session_minutes")) == ("no", "60")
    refused = shop.post(AT_S2, data={**late, "own.print.automatic": "yes", "value.print.automatic": "yes"})
    assert refused.status_code == 409
    assert here(shop, "print.automatic") == "no"


def test_a_code_that_is_taken_is_told_at_its_field_and_offers_nothing_to_write_over(shop: Client) -> None:
    items = form_of(shop, "/definitions/unit/new")
    answer = save(shop, "unit", items, code="kg", name="kiść", precision="0")
    assert answer.status_code == 409
    assert re.search(r'id="code-error">.*?There is "kg" already', answer.text.replace("&#34;", '"'), re.S)
    assert '<a href="/definitions/unit/row?key=kg">' in answer.text
    assert 'id="conflict"' not in answer.text
    assert row(shop, "unit", "kg")["name"] == "kilogram"


def test_a_scope_is_found_by_typing_the_name_of_a_store(shop: Client) -> None:
    answer = shop.get("/definitions/scope/choose?scope=sopot")
    assert answer.text == '<option value="store:S2">Store S2 · Sklep Sopot</option>'
    assert 'hx-get="/definitions/scope/choose"' in shop.get("/definitions/parameter/new").text


def test_what_is_no_picture_is_no_picture_whatever_its_name(shop: Client) -> None:
    """SEC-03: a till hands it to its browser under the type it came with."""
    data = {"key": "", "version": "0", "code": "zle", "media_type": "", "data": ""}
    file = {"file": ("k.png", b"<script></script>", "text/html")}
    answer = shop.post("/definitions/picture/save", data=data, files=file)
    assert answer.status_code == 422
    assert "text/html" in answer.text
    assert shop.get(f"{API}/picture/zle").status_code == 404
    photo = {"file": ("k.png", bytes(9_000_000), "image/png")}
    answer = shop.post("/definitions/picture/save", data=data, files=photo)
    assert (answer.status_code, "larger than 3 MiB" in answer.text) == (422, True)


def test_prices_are_those_of_today_unless_another_day_is_asked_for(shop: Client) -> None:
    """One that begins later is not what the article costs."""
    later = {"price_list": "DETAL", "article": "SER", "unit": "kg", "valid_from": "2099-01-01", "price": "99.99"}
    shop.put(f"{API}/price/DETAL%7CSER%7Ckg%7C2099-01-01", json=later)
    today, then = (
        shop.get("/definitions/price/table?q=ser").text,
        shop.get("/definitions/price/table?day=2099-01-01").text,
    )
    assert ("99.99" in today, "99.99" in then) == (False, True)


def test_a_version_says_who_made_it_and_when(shop: Client) -> None:
    made = shop.put(f"{API}/unit/op", json={"code": "op", "name": "opakowanie"}).json()["version"]
    page = shop.get(f"/definition-versions/{made}").text
    assert re.search(r"<p>[^<]*, SZEF · 1 row</p>", page)


def test_a_new_discount_is_not_scolded_before_anything_is_typed(shop: Client) -> None:
    """DISC-40; once something is there, what is missing is told with the name of its field."""
    items = dict(form_of(shop, "/definitions/discount/new?kind=PRM"))
    calm = shop.post("/definitions/discount/reading", data=items).text
    assert "Begin with a code and a name" in calm
    assert "note--bad" not in calm
    told = shop.post("/definitions/discount/reading", data={**items, "code": "SERY"}).text
    assert "Name: This field needs a value." in told


def test_a_discount_is_not_confirmed_while_its_form_holds_what_is_not_saved(shop: Client) -> None:
    """DISC-40: what was typed would be lost, and what was not typed confirmed."""
    code = shop.get(f"{API}/discount").json()["rows"][0]["key"]
    state = row(shop, "discount", code)["state"]
    items = dict(form_of(shop, f"/definitions/discount/row?key={code}"))
    path = f"/definitions/discount/state?key={code}&to=withdrawn&version={items['version']}"
    refused = shop.post(path, data={**items, "name": "Inna nazwa"})
    assert refused.status_code == 422
    assert "not saved yet" in refused.text
    assert row(shop, "discount", code)["state"] == state
    assert shop.post(path, data=items).status_code == 200
    assert row(shop, "discount", code)["state"] == "withdrawn"


@pytest.mark.parametrize("language", ["pl", "en", "fr"])
def test_every_parameter_has_words_of_its_own(language: str) -> None:
    words = texts(language)
    assert [name for name in PARAMETERS if not words.knows(f"parameter:{name}")] == []
