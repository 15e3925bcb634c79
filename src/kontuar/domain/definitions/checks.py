"""What is wrong with one definition, whatever else exists: shapes, codes, ranges. References are checked apart."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from kontuar.domain.cash.records import PaymentForm
from kontuar.domain.catalogue.records import Article, Price, Unit, VatRate
from kontuar.domain.documents import numbering
from kontuar.domain.firm.parameters import PARAMETERS, SCOPES, is_valid_value
from kontuar.domain.firm.records import ExchangeRate, NumberingRule, Parameter, StationDefinition
from kontuar.domain.parties.records import Contractor, Operator, Role
from kontuar.domain.parties.rights import ALL_RIGHTS
from kontuar.kernel.codes import is_ean, is_nip
from kontuar.kernel.errors import Problem
from kontuar.kernel.money import PRICE_PLACES
from kontuar.kernel.rounding import half_up

MAX_CODE = 64
MAX_NAME = 250


def problems_with(record: Any) -> list[Problem]:
    """Everything wrong with the record itself; empty = fine."""
    found = list(_common(record))
    check = _CHECKS.get(type(record))
    if check is not None:
        found.extend(check(record))
    return found


def _common(record: Any) -> Iterable[Problem]:
    code = getattr(record, "code", None)
    if code is not None and (not code or len(code) > MAX_CODE or code != code.strip() or "|" in code):
        yield Problem("definition.bad_code", "code", {"value": code[:80]})
    name = getattr(record, "name", None)
    if name is not None and not isinstance(record, Parameter) and len(name) > MAX_NAME:
        yield Problem("definition.name_too_long", "name", {"limit": str(MAX_NAME)})
    if name is not None and not name.strip() and not isinstance(record, VatRate):
        yield Problem("definition.name_empty", "name", {})
    day = getattr(record, "valid_from", None)
    if day is not None and not _is_day(day):
        yield Problem("definition.bad_date", "valid_from", {"value": str(day)[:40]})


def _article(article: Article) -> Iterable[Problem]:
    units = {article.unit, *(auxiliary.unit for auxiliary in article.units)}
    for code in article.eans:
        if code.unit not in units:
            yield Problem("article.ean_unit_unknown", "eans", {"ean": code.ean, "unit": code.unit})
        if not is_ean(code.ean):
            yield Problem("article.bad_ean", "eans", {"ean": code.ean})
    for auxiliary in article.units:
        if auxiliary.factor <= 0:
            yield Problem("article.bad_factor", "units", {"unit": auxiliary.unit})
        if auxiliary.unit == article.unit:
            yield Problem("article.unit_twice", "units", {"unit": auxiliary.unit})


def _price(price: Price) -> Iterable[Problem]:
    if not price.price.is_finite() or price.price < 0 or price.price >= Decimal(10) ** 9:
        yield Problem("price.out_of_range", "price", {"value": str(price.price)})
    elif half_up(price.price, PRICE_PLACES) != price.price:
        yield Problem("price.too_precise", "price", {"value": str(price.price), "places": str(PRICE_PLACES)})


def _vat(rate: VatRate) -> Iterable[Problem]:
    if rate.percent is not None and not 0 <= rate.percent <= 100:
        yield Problem("vat.out_of_range", "percent", {"value": str(rate.percent)})
    if rate.letter not in tuple("ABCDEFG"):
        yield Problem("vat.bad_letter", "letter", {"value": rate.letter[:5]})


def _unit(unit: Unit) -> Iterable[Problem]:
    if not 0 <= unit.precision <= 4:
        yield Problem("unit.bad_precision", "precision", {"value": str(unit.precision)})


def _rate(rate: ExchangeRate) -> Iterable[Problem]:
    if not rate.rate.is_finite() or rate.rate <= 0:
        yield Problem("rate.out_of_range", "rate", {"value": str(rate.rate)})


def _contractor(contractor: Contractor) -> Iterable[Problem]:
    if contractor.tax_number and contractor.country == "PL" and not is_nip(contractor.tax_number):
        yield Problem("contractor.bad_nip", "tax_number", {"value": contractor.tax_number[:20]})
    if contractor.kind == "business" and not contractor.tax_number:
        yield Problem("contractor.nip_missing", "tax_number", {})


def _role(role: Role) -> Iterable[Problem]:
    for right in role.rights:
        if right not in ALL_RIGHTS:
            yield Problem("role.unknown_right", "rights", {"right": right[:60]})


def _operator(operator: Operator) -> Iterable[Problem]:
    if not operator.pin_verifier.startswith("$argon2id$"):
        yield Problem("operator.bad_verifier", "pin_verifier", {})


def _parameter(parameter: Parameter) -> Iterable[Problem]:
    rule = PARAMETERS.get(parameter.name)
    level, _, code = parameter.scope.partition(":")
    if level not in SCOPES or (level == "global") == bool(code):
        yield Problem("parameter.bad_scope", "scope", {"value": parameter.scope[:60]})
    if rule is None:
        yield Problem("parameter.unknown", "name", {"value": parameter.name[:60]})
    elif not is_valid_value(rule, parameter.value):
        yield Problem("parameter.bad_value", "value", {"value": parameter.value[:60], "name": parameter.name})


def _station(station: StationDefinition) -> Iterable[Problem]:
    if not station.series or not station.series.isalnum() or len(station.series) > 12:
        yield Problem("station.bad_series", "series", {"value": station.series[:20]})


def _form(form: PaymentForm) -> Iterable[Problem]:
    if form.gives_change and form.kind != "cash":
        yield Problem("payment_form.change_only_cash", "gives_change", {})


def _numbering(rule: NumberingRule) -> Iterable[Problem]:
    yield from numbering.problems_with(rule)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


_CHECKS: Mapping[type, Callable[[Any], Iterable[Problem]]] = {
    Article: _article,
    Price: _price,
    VatRate: _vat,
    Unit: _unit,
    ExchangeRate: _rate,
    Contractor: _contractor,
    Role: _role,
    Operator: _operator,
    Parameter: _parameter,
    StationDefinition: _station,
    PaymentForm: _form,
    NumberingRule: _numbering,
}
