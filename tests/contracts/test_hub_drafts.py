"""Documents made of parked drafts, at the hub (PARK-08, PARK-15): booked, and both shown where one draft made two."""

from typing import Any

import pytest

from hub_documents_world import Hub, Till, new_id
from kontuar.domain.documents.document import Link, ParkedOrigin

pytestmark = pytest.mark.postgres


@pytest.fixture
def till() -> Till:
    opened = Till()
    opened.open_shift()
    return opened


def arrive(hub: Hub, till: Till) -> None:
    hub.push(till)
    hub.book()


def listed(hub: Hub) -> list[tuple[str, str]]:
    return hub.rows("SELECT number, reason FROM verification_item WHERE state = 'listed' ORDER BY seq")


def made_of(draft: str) -> dict[str, Any]:
    link = Link(kind="approved_from", doc_id=draft, number="37737518032819900021")
    return {"parked": ParkedOrigin(doc_id=draft, version=1, token=0), "links": (link,)}


def test_a_document_approved_without_a_lease_is_booked_though_head_office_never_had_the_draft(
    hub: Hub, till: Till
) -> None:
    """PARK-08: a parked draft is never at the hub; its document waits for nothing."""
    till.sell((1, 1), **made_of(new_id()))
    arrive(hub, till)
    assert (hub.reasons(), listed(hub)) == ([], [])
    assert hub.one("SELECT count(*) FROM document") == 1


@pytest.mark.parametrize("at_once", [True, False])
def test_a_draft_approved_at_two_tills_is_booked_twice_and_both_are_shown(hub: Hub, till: Till, at_once: bool) -> None:
    """PARK-08: approved offline from a copy, while another till continued and approved it under its lease."""
    draft = new_id()
    first = till.sell((1, 1), doc_id=draft, parked=ParkedOrigin(doc_id=draft, version=2, token=7))
    if not at_once:
        arrive(hub, till)
    second = till.sell((1, 1), **made_of(draft))
    arrive(hub, till)
    assert hub.reasons() == []
    assert listed(hub) == [(second.number, "document.draft_approved_twice")]
    facts = hub.one("SELECT problems->0->'facts' FROM verification_item")
    assert facts == {"number": second.number, "other": first.number}
    assert hub.one("SELECT count(*) FROM document") == 2


def test_the_draft_itself_coming_second_is_shown_too(hub: Hub, till: Till) -> None:
    """PARK-08, PARK-15."""
    draft = new_id()
    till.sell((1, 1), **made_of(draft))
    arrive(hub, till)
    second = till.sell((1, 1), doc_id=draft, parked=ParkedOrigin(doc_id=draft, version=2, token=7))
    arrive(hub, till)
    assert listed(hub) == [(second.number, "document.draft_approved_twice")]


def test_a_draft_whose_first_document_was_cancelled_is_simply_booked(hub: Hub, till: Till) -> None:
    """Somebody has decided already."""
    draft = new_id()
    first = till.sell((1, 1), **made_of(draft))
    till.cancel(first)
    arrive(hub, till)
    till.sell((1, 1), **made_of(draft))
    arrive(hub, till)
    assert listed(hub) == []
