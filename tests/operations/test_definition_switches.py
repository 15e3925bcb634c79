"""Checks of definitions that a firm switches on and off, the firm's own EANs, quick sale by store (HUB-13, HUB-14)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub_definitions_world import ADMIN, NOBODY, World, open_world
from kontuar.domain.parties.records import Contractor
from kontuar.kernel.errors import Refused
from kontuar.operations.hub.defining.ean_numbers import next_ean
from kontuar.operations.hub.defining.similar import similar_contractors
from kontuar.operations.hub.privacy import emptied

pytestmark = pytest.mark.postgres


@pytest.fixture
def shop(postgres_url: str, tmp_path: Path) -> Iterator[World]:
    opened = open_world(postgres_url, tmp_path)
    opened.load_guide()
    yield opened
    opened.database.close()


def switch(shop: World, name: str, value: str) -> None:
    shop.load("parameter", f"name;scope;value\n{name};global;{value}\n")


def problems(shop: World, kind: str, key: str = "", /, **changes: Any) -> list[str]:
    """Codes of what is refused when a row is written: a stored one with changes, or a new one."""
    fields = msgspec.json.decode(shop.definitions.row(ADMIN, kind, key).body) if key else {}
    try:
        record = shop.reader.from_json(ADMIN, kind, msgspec.json.encode({**fields, **changes}))
        shop.definitions.put_rows(ADMIN, [(kind, record)])
    except Refused as refusal:
        return [problem.code for problem in refusal.problems]
    return []


def test_tax_numbers_are_checked_unless_the_firm_says_no(shop: World) -> None:
    """HUB-14."""
    made: dict[str, Any] = {"code": "X", "name": "X", "kind": "business", "tax_number": "5252248482"}
    abroad = {**made, "code": "Y", "country": "DE", "status": "eu", "tax_number": "DE1"}
    assert (problems(shop, "contractor", **made), problems(shop, "contractor", **abroad)) == (
        ["contractor.bad_nip"], ["contractor.bad_eu_vat"],
    )  # fmt: skip
    switch(shop, "contractor.check_tax_number", "no")
    assert (problems(shop, "contractor", **made), problems(shop, "contractor", **abroad)) == ([], [])
    assert problems(shop, "contractor", **{**made, "code": "Z", "tax_number": ""}) == ["contractor.nip_missing"]


@pytest.mark.parametrize("number", ["44051401358", "4405140135", "44133101354", "٤٤٠٥١٤٠١٣٥٩", "44051401359 "])
def test_pesel_numbers_of_retail_customers_are_checked_unless_the_firm_says_no(shop: World, number: str) -> None:
    """HUB-14: the check digit and the day of birth; a business has a tax number instead, whatever the switch says."""
    made: dict[str, Any] = {"code": "OSOBA", "name": "Jan Nowak", "pesel": number}
    assert problems(shop, "contractor", **made) == ["contractor.bad_pesel"]
    assert problems(shop, "contractor", **{**made, "pesel": "44051401359"}) == []
    assert problems(shop, "contractor", "OSOBA", pesel="") == []
    switch(shop, "contractor.check_pesel", "no")
    assert problems(shop, "contractor", **made) == []
    business = {**made, "code": "FIRMA", "kind": "business", "tax_number": "5252248481"}
    assert problems(shop, "contractor", **business) == ["contractor.pesel_of_business"]


def test_a_pesel_goes_with_the_other_personal_data() -> None:
    """HUB-09, HUB-14."""
    assert emptied(Contractor(code="OSOBA", name="Jan Nowak", pesel="44051401359")).pesel == ""


@pytest.mark.parametrize(("name", "code"), [("space", "A B"), ("dot", "A.B"), ("dash", "A-B")])
def test_signs_that_the_firm_does_not_want_are_refused_in_new_codes(shop: World, name: str, code: str) -> None:
    """HUB-14: contractors that there are keep their codes, and tills make theirs with a dash."""
    assert problems(shop, "contractor", code=f"{code}0", name="Old") == []
    switch(shop, f"contractor.forbid_{name}_in_code", "yes")
    assert problems(shop, "contractor", code=code, name="New") == ["contractor.sign_in_code"]
    assert problems(shop, "contractor", f"{code}0", name="Old, changed") == []
    assert problems(shop, "contractor", code="POS2-2-K7", name="From a till") == []
    assert problems(shop, "contractor", code="AB", name="New") == []


def test_the_warning_of_similar_contractors_can_be_switched_off(shop: World) -> None:
    """HUB-14."""
    assert problems(shop, "contractor", code="N1", name="Nowak i synowie") == []
    twin = Contractor(code="N2", name="Nowak i synowie")
    assert [row.code for row in similar_contractors(shop.definitions, ADMIN, twin)] == ["N1"]
    switch(shop, "contractor.warn_similar", "no")
    assert similar_contractors(shop.definitions, ADMIN, twin) == ()


def test_eans_are_checked_unless_the_firm_says_no_but_can_always_be_scanned(shop: World) -> None:
    """HUB-13."""
    odd = [{"ean": "5901234123999", "unit": "szt"}, {"ean": "WAGA-7", "unit": "szt"}]
    article = msgspec.json.decode(shop.definitions.row(ADMIN, "article", "SER").body)
    eans = [{**row, "unit": article["unit"]} for row in odd]
    assert problems(shop, "article", "SER", eans=eans) == ["article.bad_ean", "article.bad_ean"]
    switch(shop, "article.check_ean", "no")
    assert problems(shop, "article", "SER", eans=eans) == []
    blank = [{"ean": "12 34", "unit": article["unit"]}, {"ean": "", "unit": article["unit"]}]
    assert problems(shop, "article", "SER", eans=blank) == ["article.bad_ean", "article.bad_ean"]


def test_names_of_articles_are_unique_where_the_firm_wants_it(shop: World) -> None:
    """HUB-13: in the store and within one write; a row does not disturb itself."""
    name = msgspec.json.decode(shop.definitions.row(ADMIN, "article", "SER").body)["name"]
    fields = {**msgspec.json.decode(shop.definitions.row(ADMIN, "article", "SER").body), "code": "SER2", "eans": []}
    assert problems(shop, "article", **fields) == []
    switch(shop, "article.unique_name", "yes")
    assert problems(shop, "article", **{**fields, "code": "SER3", "name": name.upper()}) == ["article.name_taken"]
    assert problems(shop, "article", "SER2", name=f"{name} stary") == []
    assert problems(shop, "article", "SER", name=name) == []
    twins = [
        ("article", shop.reader.from_json(ADMIN, "article", msgspec.json.encode({**fields, "code": code, "name": "Q"})))
        for code in ("Q1", "Q2")
    ]
    with pytest.raises(Refused, match=r"article\.name_taken"):
        shop.definitions.put_rows(ADMIN, twins)


def test_the_next_free_ean_comes_from_the_firms_own_range(shop: World) -> None:
    """HUB-13: 8, 13 and 14 digits with their check digit; what anything has is passed over."""
    with pytest.raises(Refused, match=r"article\.ean_range_missing"):
        next_ean(shop.definitions, ADMIN, 13)
    switch(shop, "article.ean_13_range", "590777700000-590777700001")
    switch(shop, "article.ean_8_range", "0000001-0000003")
    switch(shop, "article.ean_14_range", "1590777700000-1590777700001")
    assert [next_ean(shop.definitions, ADMIN, length) for length in (8, 13, 14)] == [
        "00000017", "5907777000002", "15907777000009",
    ]  # fmt: skip
    unit = msgspec.json.decode(shop.definitions.row(ADMIN, "article", "SER").body)["unit"]
    assert problems(shop, "article", "SER", eans=[{"ean": "5907777000002", "unit": unit}]) == []
    second = next_ean(shop.definitions, ADMIN, 13)
    assert second[:12] == "590777700001"
    assert next_ean(shop.definitions, ADMIN, 13, besides=("5907777000009",)) == second
    with pytest.raises(Refused, match=r"article\.ean_range_used_up"):
        next_ean(shop.definitions, ADMIN, 13, besides=(second,))
    eans = [{"ean": ean, "unit": unit} for ean in ("5907777000002", second)]
    assert problems(shop, "article", "SER", eans=eans) == []
    with pytest.raises(Refused, match=r"article\.ean_range_used_up"):
        next_ean(shop.definitions, ADMIN, 13)
    with pytest.raises(Refused, match=r"article\.ean_range_missing"):
        next_ean(shop.definitions, ADMIN, 9)
    with pytest.raises(Refused, match=r"right\.missing"):
        next_ean(shop.definitions, NOBODY, 8)


@pytest.mark.parametrize(
    "value", ["590777700000", "590777700001-590777700000", "59-60", "a-b", "٥٩٠٧٧٧٧٠٠٠٠٠-590777700001"]
)
def test_a_range_that_is_none_is_refused(shop: World, value: str) -> None:
    """HUB-13."""
    assert problems(shop, "parameter", name="article.ean_13_range", scope="global", value=value) == [
        "parameter.bad_value"
    ]


def test_quick_sale_offers_only_what_its_stores_deal_with(shop: World) -> None:
    """QUICK-05: of an article its default group decides; while there is a list the root group of the store stays."""
    shop.load("article_group", "code;name;parent\nROOT;R;\nIN;I;ROOT\nOUT;O;\n")
    clear(shop)
    assert problems(shop, "store", "S1", article_group="ROOT") == []
    assert problems(shop, "quick_group", group="IN", position=1) == []
    assert problems(shop, "quick_group", group="OUT", position=2, stores=["S2"]) == []
    assert problems(shop, "quick_group", group="OUT", position=2, stores=["S1"]) == ["quick_sale.not_sent"]
    assert problems(shop, "quick_group", group="OUT", position=2) == ["quick_sale.not_sent"]
    assert problems(shop, "article", "SER", group="OUT", groups=["IN"]) == []
    assert problems(shop, "quick_favourite", article="SER", position=1) == ["quick_sale.not_sent"]
    assert problems(shop, "article", "SER", group="IN", groups=[]) == []
    assert problems(shop, "quick_favourite", article="SER", position=1) == []
    assert problems(shop, "store", "S1", article_group="OUT") == ["store.root_group_in_use"]
    assert problems(shop, "store", "S1", name="Renamed") == []
    clear(shop)
    assert problems(shop, "store", "S1", article_group="OUT") == []


def clear(shop: World) -> None:
    """No quick-sale lists."""
    for kind in ("quick_favourite", "quick_group"):
        keys = [(kind, row.key) for row in shop.definitions.all_rows(ADMIN, kind)]
        if keys:
            shop.definitions.remove_rows(ADMIN, keys)
