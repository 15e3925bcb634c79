"""What the header of a discount says holds from the file at head office to the sale and back (DISC-10, DISC-11)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from explained_world import ShopAndOffice
from hub_definitions_world import ADMIN
from kontuar.domain.documents.document import Document
from kontuar.domain.firm.records import DeliveryMethod, Store
from kontuar.domain.pricing.discount import Discount, DiscountGroup
from kontuar.kernel.canonical import decode
from kontuar.operations.hub.discount_trial import Trial, TrialLine, TrialOutcome, try_discount
from kontuar.operations.hub.explaining import Explained, explain_again, explained
from kontuar.operations.station import approval, delivery, payments
from refusals import refused
from shop import MILK_EAN, NUTS, actor_of, fill

pytestmark = pytest.mark.postgres
EWA = actor_of()
COLUMNS = "code;name;kind;state;priority;position;combine;skip_following;discount_group;percent;rows;thresholds"


@pytest.fixture
def world(postgres_url: str, tmp_path: Path) -> Iterator[ShopAndOffice]:
    opened = ShopAndOffice(postgres_url, tmp_path)
    opened.define(DiscountGroup(code="SPRING", name="Spring"))
    yield opened
    opened.close()


def define(world: ShopAndOffice, *rows: str) -> None:
    """As head office imports them; the till takes them from the feed."""
    world.office.load("discount", "\n".join([COLUMNS, *rows]))
    world.take_definitions()


def sold(world: ShopAndOffice, *codes: str) -> Document:
    draft = fill(world.station, *codes)
    payments.assign(world.station, EWA, draft.doc_id, "cash")
    document = approval.approve(world.station, EWA, draft.doc_id)
    world.book(document)
    return document


def seen(world: ShopAndOffice, document: Document) -> Explained:
    """As head office explains it; reckoned again it comes out the same."""
    assert explain_again(world.shelf, world.office.definitions, ADMIN, "S1", document.doc_id).exact
    return explained(world.shelf, world.office.definitions, ADMIN, "S1", document.doc_id)


def tried(world: ShopAndOffice, code: str, *articles: str, delivery_method: str = "") -> TrialOutcome:
    (row,) = world.office.store.rows("discount", [code])
    trial = Trial(
        store="S1", day=world.station.business_day(), minute=world.station.minute_of_day(),
        lines=tuple(TrialLine(one) for one in articles), delivery_method=delivery_method,
    )  # fmt: skip
    return try_discount(world.office.definitions, ADMIN, decode(row.body, Discount), trial)


@pytest.mark.parametrize(
    ("first", "second", "steps"),
    [
        # 10 % and 20 % of 59.90: each of the initial price.
        ("FIRST;First;PRM;confirmed;1;1;list;no", "SECOND;Second;PRM;confirmed;2;2;list;no",
         [("First", -599, 5391), ("Second", -1198, 4193)]),
        # 20 % of what the first left.
        ("FIRST;First;PRM;confirmed;1;1;list;no", "SECOND;Second;PRM;confirmed;2;2;running;no",
         [("First", -599, 5391), ("Second", -1078, 4313)]),
        # The smaller priority comes first, whatever their order in a list.
        ("FIRST;First;PRM;confirmed;3;1;running;no", "SECOND;Second;PRM;confirmed;2;2;list;no",
         [("Second", -1198, 4792), ("First", -479, 4313)]),
        # The first ends the chain.
        ("FIRST;First;PRM;confirmed;1;1;list;yes", "SECOND;Second;PRM;confirmed;2;2;list;no",
         [("First", -599, 5391)]),
    ],
    ids=["add", "multiply", "priority", "skip following"],
)  # fmt: skip
def test_priority_combination_and_skip_following_hold_at_the_till_and_at_head_office(
    world: ShopAndOffice, first: str, second: str, steps: list[tuple[str, int, int]]
) -> None:
    """DISC-11, DISC-20, DISC-21."""
    define(world, f"{first};SPRING;;{NUTS}:::::percent:10;", f"{second};;;{NUTS}:::::percent:20;")
    document = sold(world, NUTS)
    (line,) = seen(world, document).rows
    assert [(step.name, step.amount, step.after) for step in line.steps] == steps
    (row,) = tried(world, "SECOND", NUTS).rows
    assert [(step.name, step.amount, step.after) for step in row.steps] == steps
    assert document.totals.gross == steps[-1][2]


def test_the_summary_names_groups_and_the_rest_is_other(world: ShopAndOffice) -> None:
    """DISC-11, DISC-31: the group is a dictionary's, its name heads what it gave; a type is told with every step."""
    define(
        world, f"GROUPED;Grouped;PRM;confirmed;1;1;;no;SPRING;;{NUTS}:::::percent:10;",
        "LOOSE;Loose;PRM;confirmed;2;2;;no;;;MILK:::::percent:50;",
        "WORTH;Worth;WTR;confirmed;3;;;no;SPRING;;;10:amount:5",
    )  # fmt: skip
    told = seen(world, sold(world, NUTS, MILK_EAN))
    assert told.summary is not None
    groups = [[(one.group, one.amount) for one in part] for part in
              (told.summary.goods_groups, told.summary.header_groups)]  # fmt: skip
    assert groups == [[("SPRING", 599), ("", 200)], [("SPRING", 500)]]
    assert (told.summary.without, told.summary.after, told.names["SPRING"]) == (6389, 5090, "Spring")
    assert [[step.source for step in row.steps] for row in told.rows] == [["PRM", "WTR"], ["PRM", "WTR"]]


def test_a_header_that_means_nothing_is_refused_row_by_row(world: ShopAndOffice) -> None:
    """DISC-11, DISC-40: a group that is not in the dictionary, a priority of the bundles, a way nobody knows."""
    before = world.office.version()
    for row, code in (
        (f"A;A;PRM;draft;1;1;;no;AUTUMN;;{NUTS}:::::percent:1;", "definition.reference_unknown"),
        (f"A;A;PRM;draft;0;1;;no;;;{NUTS}:::::percent:1;", "discount.priority_reserved"),
        (f"A;A;PRM;draft;1;1;sideways;no;;;{NUTS}:::::percent:1;", "definition.unreadable"),
    ):
        report = world.office.files.import_csv(ADMIN, "discount", f"{COLUMNS}\n{row}".encode())
        assert [problem.code for problem in report.problems] == [code]
    assert world.office.version() == before


def test_a_discount_for_a_delivery_method_is_one_at_till_trial_and_again(world: ShopAndOffice) -> None:
    """DISC-10, DISC-26, DISC-40: the method travels with the document; head office names it and reckons with it."""
    world.define(DeliveryMethod(code="COURIER", name="Kurier"), DeliveryMethod(code="PICKUP", name="Odbiór"))
    columns = "code;name;kind;state;priority;delivery_methods;rows"
    world.office.load("discount", f"{columns}\nSENT;Sent;PRM;confirmed;1;COURIER;{NUTS}:::::percent:10")
    world.take_definitions()
    for method, value in (("COURIER", 5391), ("PICKUP", 5990), ("", 5990)):
        draft = fill(world.station, NUTS)
        assert delivery.set_delivery_method(world.station, EWA, draft.doc_id, method).totals.gross == value
        payments.assign(world.station, EWA, draft.doc_id, "cash")
        document = approval.approve(world.station, EWA, draft.doc_id)
        world.book(document)
        told, name = seen(world, document), {"COURIER": "Kurier", "PICKUP": "Odbiór"}.get(method, "")
        assert (told.document.delivery_method, told.delivery) == (method, name)
        assert tried(world, "SENT", NUTS, delivery_method=method).value == value
    with refused("definition.not_found"):
        tried(world, "SENT", NUTS, delivery_method="PIGEON")
    unknown = f"{columns}\nX;X;PRM;draft;1;PIGEON;{NUTS}:::::percent:1"
    report = world.office.files.import_csv(ADMIN, "discount", unknown.encode())
    assert [problem.code for problem in report.problems] == ["definition.reference_unknown"]


def test_a_delivery_method_goes_to_its_stores_and_stays_while_a_discount_names_it(world: ShopAndOffice) -> None:
    """DISC-10, HUB-03."""
    world.office.load("delivery_method", "code;name;stores\nHERE;Here;S1\nALL;Everywhere;\n")
    world.define(Store(code="S2", name="Sopot", centre="C", price_list="RETAIL", warehouse="S2M"))
    world.office.load("delivery_method", "code;name;stores\nTHERE;There;S2\n")
    columns = "code;name;kind;state;priority;delivery_methods;rows"
    world.office.load("discount", f"{columns}\nSENT;Sent;PRM;confirmed;1;HERE;{NUTS}:::::percent:10")
    world.take_definitions()
    assert sorted(world.station.books.definitions.every(DeliveryMethod)) == ["ALL", "HERE"]
    with refused("definition.referred_to"):
        world.office.definitions.remove_rows(ADMIN, [("delivery_method", "HERE")])
    bad = 'code;name;document_types\nX;X;"receipt,cash_in"\n'
    report = world.office.files.import_csv(ADMIN, "delivery_method", bad.encode())
    assert [problem.code for problem in report.problems] == ["delivery_method.no_sale"]
