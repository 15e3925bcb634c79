"""Roles that a firm stored before an update can go on doing what they did (HUB-15, ADR 14)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from hub_clients import administrators_client, hub_beside, intake_of
from hub_definitions_world import ADMIN, World, open_world
from kontuar.domain.parties.records import Role
from kontuar.domain.parties.rights import ALL_RIGHTS, GIVEN_WITH
from kontuar.operations.hub.defining.history import history_of
from kontuar.operations.hub.defining.new_rights import give_new_rights
from kontuar.operations.hub.defining.versions import withdraw
from kontuar.storage.postgres.definitions import PostgresDefinitions
from kontuar.storage.postgres.given_rights import PostgresRightsGiven

pytestmark = pytest.mark.postgres
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def shop(postgres_url: str, tmp_path: Path) -> Iterator[World]:
    opened = open_world(postgres_url, tmp_path)
    yield opened
    opened.database.close()


def roles(shop: World, **rights: str) -> None:
    shop.definitions.put_rows(
        ADMIN, [("role", Role(code=code, name=code, rights=tuple(held.split()))) for code, held in rights.items()]
    )


def rights_of(shop: World, code: str) -> set[str]:
    return set(msgspec.json.decode(shop.definitions.row(ADMIN, "role", code).body, type=Role).rights)


def start(shop: World) -> list[str]:
    """What the hub does at its start."""
    return list(give_new_rights(shop.store, PostgresRightsGiven(shop.database), shop.clock.now()))


def version(shop: World) -> int:
    return shop.store.newest()[1]


def test_roles_that_did_it_before_are_given_the_right_in_one_version_that_can_be_withdrawn(shop: World) -> None:
    """HUB-15: and whoever did nothing of the kind is given nothing."""
    roles(shop, KASA="receipt.issue receipt.approve", SZEF="receipt.approve price.change receipt.refiscalise",
          BIURO="hub.see hub.define", MAGAZYN="goods.receive")  # fmt: skip
    before = version(shop)
    assert start(shop) == ["BIURO", "KASA", "SZEF"]
    assert version(shop) == before + 1
    assert rights_of(shop, "KASA") == {"receipt.issue", "receipt.approve", "payment.other_forms"}
    assert rights_of(shop, "SZEF") == {
        "receipt.approve", "price.change", "receipt.refiscalise", "discount.line", "discount.header",
        "payment.other_forms", "payment.confirm_card",
    }  # fmt: skip
    assert rights_of(shop, "BIURO") == {"hub.see", "hub.define", "hub.second_factor"}
    assert rights_of(shop, "MAGAZYN") == {"goods.receive"}
    assert history_of(shop.definitions, ADMIN, "role", "KASA")[0].changed_by == "kontuar"
    withdraw(shop.definitions, ADMIN, before + 1)
    assert rights_of(shop, "KASA") == {"receipt.issue", "receipt.approve"}


def test_what_the_firm_takes_away_afterwards_stays_away(shop: World) -> None:
    """HUB-15: each right is given once, ever."""
    roles(shop, KASA="receipt.approve")
    start(shop)
    roles(shop, KASA="receipt.approve", INNA="price.change")
    before = version(shop)
    assert start(shop) == []
    assert (version(shop), rights_of(shop, "KASA"), rights_of(shop, "INNA")) == (
        before, {"receipt.approve"}, {"price.change"},
    )  # fmt: skip


def test_a_right_that_some_role_holds_is_the_firms_own_decision(shop: World) -> None:
    """HUB-15: the firm knew of it; the others that it lacked are given."""
    roles(shop, SZEF="price.change discount.header", KASA="price.change")
    start(shop)
    assert rights_of(shop, "KASA") == {"price.change", "discount.line"}


def test_a_new_hub_gives_nothing_to_roles_that_are_made_later(shop: World) -> None:
    """HUB-15: whoever makes a role sees all rights there are."""
    assert start(shop) == []
    roles(shop, KASA="receipt.approve price.change")
    assert start(shop) == []
    assert rights_of(shop, "KASA") == {"receipt.approve", "price.change"}


def test_rights_are_given_with_rights_that_exist() -> None:
    assert set(GIVEN_WITH) | {right for needed in GIVEN_WITH.values() for right in needed} <= ALL_RIGHTS
    assert not set(GIVEN_WITH) & {right for needed in GIVEN_WITH.values() for right in needed}


def test_the_hub_gives_them_at_its_first_start_after_the_update(postgres_url: str, tmp_path: Path) -> None:
    """HUB-15: before anybody can log in; a second start gives nothing."""
    with intake_of(postgres_url) as intake:
        intake.define([Role(code="KASA", name="Kasa", rights=("receipt.approve",))], "role")
        hub = hub_beside(postgres_url, tmp_path)
        with administrators_client(hub, intake) as client:
            found = client.get("/api/v1/definitions/role/KASA").json()
            assert found["row"]["rights"] == ["receipt.approve", "payment.other_forms"]
        assert give_new_rights(PostgresDefinitions(intake.database), PostgresRightsGiven(intake.database), NOW) == []
