"""Documents that are priced, parked and continued, without a station: rules and lines are all there is."""

import datetime
from decimal import Decimal

import msgspec

from kontuar.domain.documents.discounting import ArticleTraits, Surroundings, as_carried, basket_of, discounted
from kontuar.domain.documents.document import Buyer, Document, Line
from kontuar.domain.pricing.basket import Settings
from kontuar.domain.pricing.engine import price
from kontuar.domain.pricing.rules import Rule
from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.money import line_value

Sold = tuple[str, str, str]
"""Article, unit price, quantity."""


class Counter:
    """A till with these rules and nobody at it. `groups`: of articles; `buyer_groups`: of buyers."""

    def __init__(
        self, *rules: Rule, settings: Settings | None = None, groups: dict[str, str] | None = None,
        buyer_groups: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.rules = list(rules)
        self.settings = settings or Settings()
        self._groups = groups or {}
        self._buyer_groups = buyer_groups or {}

    def document(self, *sold: Sold, buyer: str = "WALK-IN") -> Document:
        """A new document with these lines, priced at once."""
        empty = Document(
            doc_id="00000000-0000-7000-8000-000000000001", type="receipt",
            created_at=datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC), created_by="EWA", store="KRK",
            station="KRK1", warehouse="", currency="PLN", direction=self.settings.direction,
            buyer=Buyer(code=buyer, name=buyer),
        )  # fmt: skip
        return self.with_lines(empty, *sold)

    def with_lines(self, document: Document, *sold: Sold) -> Document:
        """With these lines more, priced anew."""
        added = [_line(document.next_line + at, *one) for at, one in enumerate(sold)]
        grown = msgspec.structs.replace(
            document, lines=(*document.lines, *added), next_line=document.next_line + len(added)
        )
        return self.priced(grown)

    def without(self, document: Document, number: int) -> Document:
        """Without a line, priced anew."""
        left = tuple(line for line in document.lines if line.number != number)
        return self.priced(msgspec.structs.replace(document, lines=left))

    def continued(self, document: Document, *sold: Sold) -> Document:
        """Parked, sent and read elsewhere, with these lines more."""
        return self.with_lines(decode(encode(as_carried(document)), Document), *sold)

    def for_buyer(self, document: Document, buyer: str) -> Document:
        """With another buyer, priced anew."""
        return self.priced(msgspec.structs.replace(document, buyer=Buyer(code=buyer, name=buyer)))

    def with_line(self, document: Document, number: int, **changes: object) -> Document:
        """With one line changed, priced anew."""
        lines = tuple(
            msgspec.structs.replace(line, **changes) if line.number == number else line  # type: ignore[arg-type]
            for line in document.lines
        )
        return self.priced(msgspec.structs.replace(document, lines=lines))

    def with_header(self, document: Document, header: object) -> Document:
        """With a discount on the whole document, priced anew."""
        discounts = msgspec.structs.replace(document.discounts, header=header)  # type: ignore[arg-type]
        return self.priced(msgspec.structs.replace(document, discounts=discounts))

    def priced(self, document: Document) -> Document:
        """With every discount that holds."""
        traits = {line.article: self._traits(line.article) for line in document.lines}
        group = self._buyer_groups.get(document.buyer.code)
        around = Surroundings(minute=600, centres=(), buyer_groups=((group,),) if group else ())
        return discounted(document, price(basket_of(document, traits, around), self.rules, self.settings), 600)

    def _traits(self, article: str) -> ArticleTraits:
        group = self._groups.get(article)
        return ArticleTraits((group,) if group else ())


def values(document: Document) -> list[int]:
    return [line.value for line in document.lines]


def given(document: Document, rule: str) -> int:
    """What a rule took off all lines."""
    return -sum(one.amount for line in document.lines for one in line.adjustments if one.rule == rule)


def problems(document: Document) -> list[tuple[str, str, str]]:
    return [(one.code, one.place, one.facts.get("granted", "")) for one in document.discounts.problems]


def carried(document: Document) -> list[int]:
    """Numbers of the lines that keep what they came with."""
    return [line.number for line in document.lines if line.carried]


def _line(number: int, article: str, cost: str, quantity: str) -> Line:
    units, unit_price = Decimal(quantity), Decimal(cost)
    return Line(
        number=number, article=article, name=article, kind="goods", unit="PCS", precision=0, quantity=units,
        base_quantity=units, base_price=unit_price, initial_price=unit_price, price=unit_price,
        value=line_value(unit_price, units, "PLN"), vat="A", percent=VAT.get(article[:1], Decimal(23)), letter="A",
    )  # fmt: skip


VAT = {"B": Decimal(8), "C": Decimal(5)}
"""Percent by the first letter of an article; of all others 23."""
