"""What would this receipt cost: a basket priced at head office with and without a discount (DISC-40)."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final, Literal, TypeVar

import msgspec

from kontuar.domain.cash.records import PaymentForm
from kontuar.domain.catalogue.records import Article, ArticleGroup, Price, PriceList, VatRate
from kontuar.domain.definitions.checks import problems_with
from kontuar.domain.documents.discounting import conventions, direction_of
from kontuar.domain.documents.types import TYPES
from kontuar.domain.firm.parameters import effective
from kontuar.domain.firm.records import Centre, DeliveryMethod, DocumentSettings, Firm, Parameter, Store
from kontuar.domain.parties.records import UNDEFINED, Contractor, ContractorGroup
from kontuar.domain.parties.rights import SEE_HUB
from kontuar.domain.pricing.basket import Basket, BasketLine, Priced, Settings
from kontuar.domain.pricing.book import compile_rules
from kontuar.domain.pricing.discount import Discount, rule_of, rules_from
from kontuar.domain.pricing.engine import price
from kontuar.domain.pricing.line_prices import list_price
from kontuar.domain.pricing.reach import groups_of, path_of, paths_of_buyer
from kontuar.domain.pricing.rules import Rule
from kontuar.domain.pricing.summary import Summary, summary_of
from kontuar.domain.pricing.vat import rate_on
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.kernel.money import Minor
from kontuar.operations.actor import Actor
from kontuar.operations.hub.defining.definitions import Definitions
from kontuar.operations.ports.hub_definitions import DefinitionStore

MOST_LINES: Final = 200
MOST_QUANTITY: Final = Decimal(1_000_000)
R = TypeVar("R", bound=msgspec.Struct)


class TrialLine(msgspec.Struct, frozen=True):
    """An article in a quantity of its base unit."""

    article: str
    quantity: Decimal = Decimal(1)


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """The receipt to be priced: in which store, on which day and at which minute of it, for whom, what.

    `coupons`: codes of further discounts that coupons on the receipt unlock; the one tried counts as unlocked.
    `choose`: which promotion takes a line, to compare; empty = as the store's parameters say.
    """

    store: str
    lines: tuple[TrialLine, ...]
    day: datetime.date
    minute: int = 12 * 60
    contractor: str = ""
    document_type: str = "receipt"
    payment_form: str = ""
    delivery_method: str = ""
    coupons: tuple[str, ...] = ()
    choose: Literal["", "first_satisfied", "best_for_customer"] = ""


class TrialStep(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a line's value: by which discount, by how much, the value after (minor units)."""

    discount: str
    name: str
    amount: Minor
    after: Minor


class TrialRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line: its value by the price list, without and with the discount tried, and how it came about."""

    article: str
    name: str
    quantity: Decimal
    unit_price: Decimal
    list_value: Minor
    without: Minor
    value: Minor
    steps: tuple[TrialStep, ...]


class TrialOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The receipt priced; values in its direction, `to_pay` and `to_pay_without` with VAT.

    `applied`: whether the discount tried gave anything; `left_out`: stored discounts that are not applied and why;
    `gifts`: gifts that would still be due, (discount, quantity); `choose`: the convention it was reckoned by;
    `summary`: as a till shows it (DISC-31).
    """

    currency: str
    rows: tuple[TrialRow, ...]
    list_value: Minor
    without: Minor
    value: Minor
    to_pay: Minor
    to_pay_without: Minor
    applied: bool
    proven: bool
    choose: str
    summary: Summary
    left_out: tuple[Problem, ...] = ()
    gifts: tuple[tuple[str, Decimal], ...] = ()


def try_discount(definitions: Definitions, actor: Actor, discount: Discount, trial: Trial) -> TrialOutcome:
    """Price the basket as the store would, with the discounts it has, without and with this one.

    The discount counts as confirmed, whatever its state, and need not be stored. Raises `Refused` with everything
    wrong with it, `definition.not_found`, `trial.*`.
    """
    actor.require(SEE_HUB)
    problems = problems_with(discount)
    if problems:
        raise Refused(*problems)
    if trial.document_type not in TYPES:
        raise refuse("definition.document_type_unknown", "document_type", value=trial.document_type[:40])
    if not 0 < len(trial.lines) <= MOST_LINES:
        raise refuse("trial.lines", "lines", limit=MOST_LINES)
    with definitions.store.transaction():
        shop = _Shop(definitions.store, trial)
        basket, names = shop.basket(discount)
        others, left_out = rules_from(
            (row.key, row.version, row.body)
            for row in definitions.store.rows("discount")
            if row.key != discount.code and (row.scope is None or trial.store in row.scope)
        )
        settings = shop.settings()
    without = _priced(basket, others, settings)
    tried = rule_of(discount, 1)
    priced = _priced(basket, [*others, tried], settings)
    return TrialOutcome(
        currency=basket.currency,
        rows=_rows(basket, priced, without, names, {rule.id: rule.name for rule in (*others, tried)}),
        list_value=priced.list_value, without=without.value, value=priced.value, to_pay=priced.gross,
        to_pay_without=without.gross,
        applied=any(application.rule == discount.code for application in priced.applications),
        proven=priced.proven, choose=settings.choose, summary=summary_of(basket, priced, basket.currency),
        left_out=tuple(one.problem for one in left_out),
        gifts=tuple((gift.rule, gift.quantity) for gift in priced.unused_gifts),
    )  # fmt: skip


def _priced(basket: Basket, rules: Iterable[Rule], settings: Settings) -> Priced:
    return price(basket, compile_rules(rules, settings.exponent), settings)


def _rows(
    basket: Basket, priced: Priced, without: Priced, names: Mapping[str, str], discounts: Mapping[str, str]
) -> tuple[TrialRow, ...]:
    return tuple(
        TrialRow(
            article=line.article, name=names[line.article], quantity=line.quantity, unit_price=line.unit_price,
            list_value=after.list_value, without=before.value, value=after.value,
            steps=tuple(
                TrialStep(discount=step.rule, name=discounts.get(step.rule, ""), amount=step.amount, after=step.after)
                for step in after.adjustments
            ),
        )
        for line, after, before in zip(basket.lines, priced.lines, without.lines, strict=True)
    )  # fmt: skip


class _Shop:
    """The store of a trial, as its tills would see it on that day."""

    def __init__(self, store: DefinitionStore, trial: Trial) -> None:
        self._store = store
        self._trial = trial
        self.shop: Store = self._one("store", trial.store, Store)
        self._buyer = self._one("contractor", trial.contractor, Contractor) if trial.contractor else self._walk_in()
        lists = [self._buyer.price_list if self._buyer else "", self.shop.price_list]
        self._lists = tuple(self._one("price_list", code, PriceList) for code in dict.fromkeys(lists) if code)
        if trial.payment_form:
            self._one("payment_form", trial.payment_form, PaymentForm)
        if trial.delivery_method:
            self._one("delivery_method", trial.delivery_method, DeliveryMethod)
        self._rates = self._all("vat_rate", VatRate)
        centres = {row.code: row for row in self._all("centre", Centre)}
        self._parameters = effective(
            self._all("parameter", Parameter), centres, centre=self.shop.centre, store=self.shop.code, station=""
        )
        of_type = {row.document_type: row for row in self._all("document_settings", DocumentSettings)}
        self._direction = direction_of(of_type.get(trial.document_type), self._parameters)
        self._currency = next((firm.currency for firm in self._all("firm", Firm)), self._lists[0].currency)

    def _walk_in(self) -> Contractor | None:
        found = self._store.rows("contractor", [UNDEFINED])
        return msgspec.json.decode(found[0].body, type=Contractor) if found else None

    def settings(self) -> Settings:
        """The conventions of the store (`discount.*`); bundles are looked for, as a till does once asked (DISC-23)."""
        found = conventions(self._parameters, self._direction, self._currency, bundles=True)
        return msgspec.structs.replace(found, choose=self._trial.choose) if self._trial.choose else found

    def basket(self, discount: Discount) -> tuple[Basket, Mapping[str, str]]:
        """The basket, and the articles' names."""
        trial = self._trial
        centres = {row.code: row.parent for row in self._all("centre", Centre)}
        groups = {row.code: row.parent for row in self._all("contractor_group", ContractorGroup)}
        of_buyer = (self._buyer.group, *self._buyer.groups) if self._buyer else ()
        articles = self._articles()
        basket = Basket(
            lines=tuple(self._lines(articles)), day=trial.day, minute=trial.minute, document_kind=trial.document_type,
            centres=path_of(self.shop.centre, centres), warehouse=self.shop.warehouse,
            buyer=trial.contractor or UNDEFINED,
            buyer_groups=paths_of_buyer(of_buyer, self.shop.contractor_group, groups),
            payment_form=trial.payment_form, delivery_method=trial.delivery_method, currency=self._currency,
            coupons=tuple(dict.fromkeys((discount.code, *trial.coupons))),
        )  # fmt: skip
        return basket, {article.code: article.name for article in articles.values()}

    def _articles(self) -> Mapping[str, Article]:
        wanted = sorted({line.article for line in self._trial.lines})
        rows = self._store.rows("article", [code.replace("\0", "") for code in wanted])
        found = {row.key: msgspec.json.decode(row.body, type=Article) for row in rows}
        missing = [code for code in wanted if code not in found]
        if missing:
            raise refuse("definition.not_found", "lines", kind="article", key=missing[0][:80])
        return found

    def _lines(self, articles: Mapping[str, Article]) -> Iterable[BasketLine]:
        parents = {row.code: row.parent for row in self._all("article_group", ArticleGroup)}
        for number, line in enumerate(self._trial.lines, 1):
            if (
                not line.quantity.is_finite()
                or not 0 < round(min(line.quantity, MOST_QUANTITY + 1), 4) <= MOST_QUANTITY
            ):
                raise refuse("trial.quantity", "lines", quantity=str(line.quantity)[:20])
            article = articles[line.article]
            rate = rate_on(self._rates, article.vat, self._trial.day.isoformat())
            percent = rate.percent if rate else None
            yield BasketLine(
                number=number, article=article.code, quantity=round(line.quantity, 4),
                unit_price=self._price(article, percent), percent=percent, groups=groups_of(article, parents),
                no_discount=article.no_discount,
            )  # fmt: skip

    def _price(self, article: Article, percent: Decimal | None) -> Decimal:
        try:
            return list_price(
                article, article.unit, Decimal(1), percent,
                lists=self._lists, find=self._row, direction=self._direction,
            ).price  # fmt: skip
        except Refused:
            raise refuse("trial.no_price", "lines", article=article.code, store=self.shop.code) from None

    def _row(self, price_list: str, article: str, unit: str) -> Price | None:
        """The price that holds on the day of the trial."""
        day, prefix = self._trial.day.isoformat(), f"{price_list}|{article}|{unit}|"
        begun = [row for row in self._store.beneath("price", prefix) if row.key[len(prefix) :] <= day]
        return msgspec.json.decode(max(begun, key=lambda row: row.key).body, type=Price) if begun else None

    def _one(self, kind: str, code: str, record: type[R]) -> R:
        found = self._store.rows(kind, [code.replace("\0", "")])
        if not found:
            raise refuse("definition.not_found", kind, kind=kind, key=code[:80])
        return msgspec.json.decode(found[0].body, type=record)

    def _all(self, kind: str, record: type[R]) -> Sequence[R]:
        return [msgspec.json.decode(row.body, type=record) for row in self._store.rows(kind)]
