"""Parked documents on the screens of three tills: the list, handing on, taking over, losing (PARK-01 … PARK-16)."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from browser.back_office import grave
from browser.chromium import Keys
from browser.till_pages import PINS, Till, at_till
from kontuar.domain.documents.parking import ean_of
from parked_servers import ParkedServers

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
PICTURES = os.environ.get("KONTUAR_PICTURES", "")
"""A folder: the windows of differing versions are kept there, for people to look at."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParkedServers]:
    with ParkedServers(tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture(autouse=True)
def _empty(store: ParkedServers) -> None:
    """Every test begins with the agent there and nothing parked."""
    store.up = True
    for server in store.servers:
        server.do(_forget_all, server.station)
    store.empty_buffer()
    store.until(lambda: not any(server.do(server.station.books.parking.rows) for server in store.servers))


def _forget_all(station: object) -> None:
    books = station.books  # type: ignore[attr-defined]
    for draft in books.drafts.every():
        books.drafts.remove(draft.doc_id)
    for held in books.parking.held():
        books.parking.forget(held.doc_id)


def listed(store: ParkedServers, till: Till, doc_id: str) -> None:
    """Wait until a till knows of a document, then look at the list."""
    parking = till.server.station.books.parking
    store.until(lambda: till.server.do(parking.row, doc_id) is not None)
    till.page.goto(f"{till.server.url}/parked")


def chips(till: Till, doc_id: str) -> list[str]:
    return till.page.locator(f'tr[data-row="{doc_id}"] .chip').all_inner_texts()


def parked(till: Till, *codes: str, operator: str = "OLA") -> str:
    """A receipt parked with F8; the fresh form is on the screen."""
    doc_id = till.new_receipt(operator)
    till.scan(*codes)
    till.page.keyboard.press("F8")
    till.page.wait_for_url(lambda address: doc_id not in address)
    return doc_id


def test_f8_parks_the_receipt_says_its_number_and_opens_a_fresh_form(chromium: Browser, store: ParkedServers) -> None:
    """PARK-01, PARK-09."""
    with at_till(chromium, store.servers[0]) as till:
        doc_id = parked(till, "MILK", "WATER")
        expect(till.page.locator("#toasts")).to_contain_text(f"Parked. Number {ean_of(doc_id)}")
        expect(till.page.locator("#lines-rows")).to_have_count(0)
        till.page.goto(f"{till.server.url}/")
        expect(till.page.get_by_role("link", name="Continue document")).to_be_visible()
        till.page.get_by_role("link", name="Continue document").click()
        assert chips(till, doc_id) == ["Parked"]


def test_a_scanned_print_marks_its_document_and_enter_continues_it(chromium: Browser, store: ParkedServers) -> None:
    """PARK-09, PARK-16."""
    with at_till(chromium, store.servers[0]) as one, at_till(chromium, store.servers[1]) as two:
        first, second = parked(one, "MILK"), parked(one, "WATER")
        two.sign_in("OLA", "/parked")
        listed(store, two, second)
        Keys(two.page).scan(ean_of(first))
        row = two.page.locator(f'tr[data-row="{first}"]')
        expect(row).to_have_attribute("aria-selected", "true")
        expect(two.page.locator('#row-actions [data-action="continue"]')).to_have_attribute(
            "hx-post", f"/parked/{first}/continue"
        )
        row.press("Enter")
        two.page.wait_for_url(lambda address: f"/sale/{first}" in address)
        assert two.lines() == ["Mleko 2% 1 l"]


def test_a_document_of_another_till_is_taken_over_by_who_may_and_the_other_is_told(
    chromium: Browser, store: ParkedServers
) -> None:
    """PARK-05, PARK-06: the work is kept as a copy, at once, without anybody's asking."""
    servers = store.servers
    with (
        at_till(chromium, servers[0]) as one,
        at_till(chromium, servers[1]) as two,
        at_till(chromium, servers[2]) as three,
    ):
        doc_id = parked(one, "MILK")
        two.sign_in("OLA", "/parked")
        listed(store, two, doc_id)
        two.page.locator(f'tr[data-row="{doc_id}"]').dblclick()
        two.page.wait_for_url(lambda address: f"/sale/{doc_id}" in address)
        two.scan("WATER")
        three.sign_in("OLA", "/parked")
        listed(store, three, doc_id)
        store.until(lambda: servers[2].do(servers[2].station.books.parking.row, doc_id).holder == "S1T2")
        three.page.reload()
        assert chips(three, doc_id) == ["Being edited: Kasa 2"]
        three.page.locator(f'tr[data-row="{doc_id}"]').dblclick()
        expect(three.page.locator("#dialog-title")).to_have_text("Being edited on till S1T2")
        three.page.get_by_role("button", name="Take it over").click()
        _allow(three, "EWA")
        three.page.wait_for_url(lambda address: f"/sale/{doc_id}" in address)
        expect(two.page.locator("#dialog-title")).to_have_text("Another till took it over")
        two.page.get_by_role("button", name="Open my copy").click()
        two.page.wait_for_url(lambda address: "/sale/" in address and doc_id not in address)
        assert two.lines() == ["Mleko 2% 1 l", "Woda gazowana"]


def _allow(till: Till, operator: str) -> None:
    """Someone with the right allows it once in the authorisation window."""
    till.page.locator(f'#dialog input[name="operator"][value="{operator}"]').check()
    till.page.locator("#dialog #pin").fill(PINS[operator])
    till.page.get_by_role("button", name="Allow it once").click()


def test_without_the_agent_parking_says_that_only_this_till_has_it(chromium: Browser, store: ParkedServers) -> None:
    """PARK-03, PARK-04."""
    with at_till(chromium, store.servers[0]) as one, at_till(chromium, store.servers[1]) as two:
        known = parked(one, "MILK")
        two.sign_in("OLA", "/parked")
        listed(store, two, known)
        store.up = False
        store.until(lambda: store.servers[0].level == store.servers[1].level == "offline")
        doc_id = one.new_receipt()
        one.scan("WATER")
        one.page.keyboard.press("F8")
        expect(one.page.locator("#dialog-title")).to_have_text("Parked on this till only")
        one.page.get_by_role("link", name="To the list").click()
        assert chips(one, doc_id) == ["On this till only"]
        two.page.locator(f'tr[data-row="{known}"]').dblclick()
        expect(two.page.locator("#toasts")).to_contain_text("The document cannot be edited now")
        assert two.page.url.endswith("/parked")
        store.up = True
        store.until(lambda: store.servers[1].do(store.servers[1].station.books.parking.row, doc_id) is not None)
        one.page.reload()
        assert chips(one, doc_id) == ["Parked"]


def test_the_list_is_filtered_by_type_day_handler_till_and_text(chromium: Browser, store: ParkedServers) -> None:
    """PARK-10."""
    with at_till(chromium, store.servers[0]) as one, at_till(chromium, store.servers[1]) as two:
        of_one, of_two = parked(one, "MILK", operator="OLA"), parked(two, "WATER", operator="EWA")
        listed(store, one, of_two)
        page = one.page
        heads = page.locator("th:not([hidden])").all_inner_texts()
        assert sorted(heads) == ["Changed", "Contractor", "Gross", "Handler", "Number", "State", "Till", "Type"]
        rows = page.locator("tr[data-row]")
        for name, value, left in [
            ("station", "S1T2", [of_two]), ("station", "", [of_one, of_two]), ("handler", "OLA", [of_one]),
            ("handler", "", [of_one, of_two]), ("type", "invoice", []), ("type", "receipt", [of_one, of_two]),
            ("when", "yesterday", []), ("when", "today", [of_one, of_two]),
        ]:  # fmt: skip
            page.locator(f'select[name="{name}"]').select_option(value)
            expect(rows).to_have_count(len(left))
            for doc_id in left:
                expect(page.locator(f'tr[data-row="{doc_id}"]')).to_be_visible()
        page.locator('input[name="text"]').fill(ean_of(of_two)[5:15])
        expect(rows).to_have_count(1)


def test_a_parked_document_is_deleted_for_all_tills(chromium: Browser, store: ParkedServers) -> None:
    """PARK-16: the button names what follows."""
    with at_till(chromium, store.servers[0]) as one:
        doc_id = parked(one, "MILK")
        one.page.goto(f"{one.server.url}/parked")
        one.page.locator(f'tr[data-row="{doc_id}"]').click()
        expect(one.page.locator('#row-actions [data-action="delete-parked"]')).to_be_enabled()
        one.page.keyboard.press("F7")
        one.page.get_by_role("button", name="Delete for all tills").click()
        expect(one.page.locator(f'tr[data-row="{doc_id}"]')).to_have_count(0)
        assert store.buffer.listed().get(doc_id) is None


def test_the_print_of_a_parked_document_bears_its_number_as_bars(chromium: Browser, store: ParkedServers) -> None:
    """PARK-09."""
    with at_till(chromium, store.servers[0]) as one:
        doc_id = parked(one, "MILK")
        one.page.goto(f"{one.server.url}/parked/{doc_id}/print")
        expect(one.page.locator(".paper__bars")).to_have_attribute("alt", ean_of(doc_id))
        expect(one.page.locator(".mark-copy")).to_have_text("NIEZATWIERDZONY")
        answer = one.page.request.get(f"{one.server.url}/parked/{doc_id}/pdf")
        assert answer.body().startswith(b"%PDF")


def went_apart(store: ParkedServers, one: Till, two: Till) -> str:
    """Two tills go on with one document while the agent is away, the second under a lease it has; then it is back."""
    servers = store.servers
    doc_id = parked(one, "MILK")
    two.sign_in("EWA", "/parked")
    listed(store, two, doc_id)
    two.page.locator(f'tr[data-row="{doc_id}"]').dblclick()
    two.page.wait_for_url(lambda address: f"/sale/{doc_id}" in address)
    one.page.goto(f"{one.server.url}/parked")
    store.up = False
    store.until(lambda: servers[0].level == servers[1].level == "offline")
    one.page.locator(f'tr[data-row="{doc_id}"]').dblclick()
    one.page.wait_for_url(lambda address: f"/sale/{doc_id}" in address)
    one.scan("WATER")
    two.scan("MILK", "WATER", "WATER")
    for till in (one, two):
        till.page.keyboard.press("F8")
        expect(till.page.locator("#dialog-title")).to_have_text("Parked on this till only")
    store.up = True
    store.until(lambda: len(store.buffer.listed()) == 2)
    return doc_id


def seen_versions(store: ParkedServers, till: Till, doc_id: str) -> list[str]:
    """The list at a till, its versions compared with F6; the identities of the columns."""
    rows = till.server.station.books.parking.rows
    store.until(lambda: len(till.server.do(rows)) == 2)
    till.page.goto(f"{till.server.url}/parked")
    till.page.locator(f'tr[data-row="{doc_id}"]').click()
    expect(till.page.locator('#row-actions [data-action="compare"]')).to_be_visible()
    till.page.keyboard.press("F6")
    expect(till.page.locator("#dialog .versions")).to_be_visible()
    return [str(each.get_attribute("data-version")) for each in till.page.locator("#dialog [data-version]").all()]


def kept(till: Till, name: str) -> None:
    if PICTURES:
        till.page.screenshot(path=f"{PICTURES}/{name}.png")


def test_two_versions_of_one_document_are_compared_and_a_person_keeps_one(
    chromium: Browser, store: ParkedServers
) -> None:
    """PARK-15, PARK-16: both are seen in every list, a third till that held neither shows both whole."""
    with (
        at_till(chromium, store.servers[0]) as one,
        at_till(chromium, store.servers[1]) as two,
        at_till(chromium, store.servers[2]) as three,
    ):
        doc_id = went_apart(store, one, two)
        three.sign_in("EWA", "/parked")
        columns = seen_versions(store, three, doc_id)
        (copy,) = set(columns) - {doc_id}
        assert chips(three, doc_id) == ["Parked", "Differing versions: 2"]
        assert chips(three, copy) == ["Parked", "Conflict copy"]
        table = three.page.locator("#dialog .versions")
        different = table.locator(".is-different th").all_inner_texts()
        assert different == ["Mleko 2% 1 l", "Woda gazowana"]
        assert grave(three.page) == []
        kept(three, "versions")
        of_two = next(key for key in columns if store.buffer.listed()[key].station == "S1T2")
        other = next(key for key in columns if key != of_two)
        table.locator(f'[data-delete="{other}"]').click()
        three.page.get_by_role("button", name="Delete for all tills").click()
        expect(three.page.locator(f'tr[data-row="{other}"]')).to_have_count(0)
        three.page.locator(f'tr[data-row="{of_two}"]').click()
        expect(three.page.locator('#row-actions [data-action="continue"]')).to_be_visible()
        expect(three.page.locator('#row-actions [data-action="compare"]')).to_have_count(0)
        three.page.keyboard.press("Enter")
        three.page.wait_for_url(lambda address: f"/sale/{of_two}" in address)
        assert three.lines() == ["Mleko 2% 1 l", "Mleko 2% 1 l", "Woda gazowana", "Woda gazowana"]


@pytest.mark.parametrize(("language", "dark"), [("pl", False), ("fr", True)])
def test_whoever_keeps_both_versions_goes_on_with_either(
    chromium: Browser, store: ParkedServers, language: str, dark: bool
) -> None:
    """PARK-15: keeping both changes nothing; without the agent a till shows the version that it made."""
    with at_till(chromium, store.servers[0]) as one, at_till(chromium, store.servers[1]) as two:
        doc_id = went_apart(store, one, two)
        with at_till(chromium, store.servers[0], language=language, dark=dark) as again:
            again.sign_in("EWA", "/parked")
            seen_versions(store, again, doc_id)
            kept(again, f"versions-{language}")
            assert grave(again.page) == []
            again.page.locator("#dialog [data-first-focus]").click()
            expect(again.page.locator("#dialog")).to_be_hidden()
            rows = again.server.do(again.server.station.books.parking.rows)
            assert {row.doc_id for row in rows} == set(store.buffer.listed())
            store.up = False
            store.until(lambda: store.servers[0].level == "offline")
            again.page.reload()
            seen_versions(store, again, doc_id)
            unknown = again.page.locator("#dialog .versions p")
            expect(unknown).to_have_count(1)
            kept(again, f"versions-away-{language}")
            again.page.locator("#dialog [data-continue]").first.click()
