"""A discount at head office in a real browser: made, read in words, tried on a basket, confirmed (DISC-40)."""

import re

import pytest
from playwright.sync_api import Page

from browser.back_office import grave
from browser.chromium import until
from hub_server import HubServer

pytestmark = [pytest.mark.browser, pytest.mark.postgres]


def stored(hub: HubServer, code: str) -> dict[str, object]:
    found: dict[str, object] = hub.client.get(f"/api/v1/definitions/discount/{code}").json()["row"]
    return found


def test_a_promotion_is_made_tried_before_it_is_saved_and_confirmed(page: Page, hub: HubServer) -> None:
    """DISC-40: in words while it is typed, its price on a basket, then confirmed."""
    page.goto(f"{hub.url}/definitions/discount/new?kind=PRM")
    page.fill("[name=code]", "SERY")
    page.fill("[name=name]", "Sery 20% taniej")
    page.fill('[name="rows.0.article"]', "SER")
    page.fill('[name="rows.0.value"]', "20")
    assert until(lambda: "On: Ser gouda na wagę (SER); for: everyone; gives: 20% off." in page.inner_text("#reading"))
    page.fill("#try-store", "S1")
    page.fill('[name="try_lines.0.article"]', "SER")
    page.fill('[name="try_lines.0.quantity"]', "0,5")
    page.fill("#try-day", "2026-12-05")
    page.click("[data-try]")
    page.wait_for_selector("#trial-total")
    assert (page.inner_text("#trial-without"), page.inner_text("#trial-total")) == ("PLN\u00a016.45", "PLN\u00a013.16")
    assert "The discount applies: PLN\u00a03.29 less." in page.inner_text("#trial-outcome")
    page.keyboard.press("F10")
    page.wait_for_url("**/definitions/discount/row?key=SERY*")
    assert stored(hub, "SERY")["state"] == "draft"
    page.wait_for_selector("[data-state=confirmed]")
    page.click("[data-state=confirmed]")
    page.wait_for_selector("text=Confirmed: stores in its scope get it.")
    assert stored(hub, "SERY")["state"] == "confirmed"
    assert grave(page) == []


def test_a_trial_is_paid_and_written_as_the_discount_asks(page: Page, hub: HubServer) -> None:
    """DISC-10, DISC-40: of a receipt nothing comes off, of an invoice paid by card it does."""
    asked = {"payment_forms": ["card"], "document_kinds": ["invoice"]}
    row = {"goods": [{"articles": ["SER"]}], "tiers": [{"reward": {"kind": "percent", "value": "10"}}]}
    card = {"code": "CARD", "name": "Invoices by card", "source": "PRM", "scope": asked,
            "deal": {"type": "items", "elements": [row]}}  # fmt: skip
    hub.client.put("/api/v1/definitions/discount/CARD", json=card).raise_for_status()
    page.goto(f"{hub.url}/definitions/discount/row?key=CARD")
    page.fill("#try-store", "S1")
    page.fill('[name="try_lines.0.article"]', "SER")
    page.fill("#try-day", "2026-12-05")
    page.click("[data-try]")
    page.wait_for_selector("text=The discount does not apply to this basket.")
    page.select_option("#try-type", "invoice")
    page.fill("#try-payment-form", "card")
    page.click("[data-try]")
    page.wait_for_selector("text=The discount applies: PLN\u00a03.29 less.")


def test_a_discount_that_holds_without_confirmation_says_so(page: Page, hub: HubServer) -> None:
    """DISC-12: whoever saves it must not take it for a draft that no till has."""
    row = {"buyers": {"contractors": ["HURT"]}, "tiers": [{"reward": {"kind": "percent", "value": "10"}}]}
    own = {"code": "OWN", "name": "Own", "source": "KNU", "deal": {"type": "items", "elements": [row]}}
    hub.client.put("/api/v1/definitions/discount/OWN", json=own).raise_for_status()
    page.goto(f"{hub.url}/definitions/discount/row?key=OWN")
    page.wait_for_selector("text=A draft that holds already")
    page.click("[data-state=withdrawn]")
    page.wait_for_selector("text=Withdrawn: no store has it.")


def test_a_surcharge_on_the_purchase_price_is_refused_in_words_at_its_field(page: Page, hub: HubServer) -> None:
    """DISC-02."""
    page.goto(f"{hub.url}/definitions/discount/new?kind=PRM")
    page.fill("[name=code]", "NARZUT")
    page.fill("[name=name]", "Narzut")
    page.select_option('[name="rows.0.gives"]', "purchase_surcharge")
    page.fill('[name="rows.0.value"]', "5")
    page.keyboard.press("F10")
    page.wait_for_selector("#rows-error")
    assert hub.client.get("/api/v1/definitions/discount/NARZUT").status_code == 404


@pytest.mark.parametrize("kind", ["PRM", "fixed_bundle", "flexible_bundle", "WTR", "KNU", "KNT"])
def test_every_kind_of_discount_has_a_form_of_its_own(page: Page, hub: HubServer, kind: str) -> None:
    page.goto(f"{hub.url}/definitions/discount/new?kind={kind}")
    assert page.input_value("input[name=kind]") == kind
    assert page.locator('[name="parts.0.article"]').count() == int("bundle" in kind)
    assert page.locator("[name=percent]").count() == int(kind == "KNT")


def test_bundles_are_put_in_order_with_buttons(page: Page, hub: HubServer) -> None:
    """DISC-20."""
    page.goto(f"{hub.url}/definitions/discount/order")
    page.click('[aria-label="Down NAB10"]')
    assert until(lambda: re.search("JOGURTY.*NAB10", page.inner_text("#orders"), re.DOTALL) is not None)
    assert stored(hub, "JOGURTY")["position"] < stored(hub, "NAB10")["position"]  # type: ignore[operator]
