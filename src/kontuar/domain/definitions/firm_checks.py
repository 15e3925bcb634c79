"""What is wrong with one definition of the firm's structure and settings by itself."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from kontuar.domain.cash.records import PaymentForm
from kontuar.domain.definitions.catalogue_checks import choice_problems
from kontuar.domain.documents import numbering
from kontuar.domain.documents.types import TYPES
from kontuar.domain.firm.parameters import PARAMETERS, SCOPES, is_out_of_bounds, is_valid_value
from kontuar.domain.firm.records import (
    Attribute,
    DeliveryMethod,
    DocumentSettings,
    ExchangeRate,
    Firm,
    NumberingRule,
    Parameter,
    Reason,
    StationDefinition,
    View,
)
from kontuar.domain.firm.views import ATTRIBUTE, HIDDEN, VIEWS, Choice, hidden_fixed, unknown_keys
from kontuar.kernel.codes import is_eu_vat, is_iban
from kontuar.kernel.errors import Problem

LONGEST_PREFIX = 12
VIEW_SCOPES = ("global", "store", "station")
_ON_DOCUMENTS = ("document", "line")


def _firm(firm: Firm) -> Iterable[Problem]:
    if firm.bank_account and not is_iban(firm.bank_account):
        yield Problem("firm.bad_bank_account", "bank_account", {"value": firm.bank_account[:40]})
    if firm.vat_number and not is_eu_vat(firm.country, firm.vat_number):
        yield Problem("firm.bad_vat_number", "vat_number", {"value": firm.vat_number[:20], "country": firm.country})


def _rate(rate: ExchangeRate) -> Iterable[Problem]:
    if not rate.rate.is_finite() or rate.rate <= 0:
        yield Problem("rate.out_of_range", "rate", {"value": str(rate.rate)})


def _parameter(parameter: Parameter) -> Iterable[Problem]:
    rule = PARAMETERS.get(parameter.name)
    level, _, code = parameter.scope.partition(":")
    if level not in SCOPES or (level == "global") == bool(code):
        yield Problem("parameter.bad_scope", "scope", {"value": parameter.scope[:60]})
    if rule is None:
        yield Problem("parameter.unknown", "name", {"value": parameter.name[:60]})
    elif is_out_of_bounds(rule, parameter.value):
        bounds = {"least": str(rule.least), "most": str(rule.most)}
        yield Problem("parameter.out_of_bounds", "value", {"value": parameter.value, "name": parameter.name, **bounds})
    elif not is_valid_value(rule, parameter.value):
        yield Problem("parameter.bad_value", "value", {"value": parameter.value[:60], "name": parameter.name})


def _station(station: StationDefinition) -> Iterable[Problem]:
    if not station.series or not station.series.isalnum() or len(station.series) > 12:
        yield Problem("station.bad_series", "series", {"value": station.series[:20]})


def _form(form: PaymentForm) -> Iterable[Problem]:
    if form.gives_change and form.kind != "cash":
        yield Problem("payment_form.change_only_cash", "gives_change", {})


def _numbering(rule: NumberingRule) -> Iterable[Problem]:
    yield from _types((rule.document_type,), "document_type")
    yield from numbering.problems_with(rule)
    prefix = rule.parked_prefix
    if prefix and (not prefix.isascii() or not prefix.replace("-", "").isalnum() or len(prefix) > LONGEST_PREFIX):
        yield Problem("numbering.bad_prefix", "parked_prefix", {"value": prefix[:40], "limit": str(LONGEST_PREFIX)})


def _types(names: Iterable[str], field: str) -> Iterable[Problem]:
    for name in names:
        if name not in TYPES:
            yield Problem("definition.document_type_unknown", field, {"value": name[:60]})


def _reason(reason: Reason) -> Iterable[Problem]:
    yield from _types(reason.document_types, "document_types")


def _delivery(method: DeliveryMethod) -> Iterable[Problem]:
    yield from _types(method.document_types, "document_types")
    for name in method.document_types:
        if name in TYPES and TYPES[name].lines != "priced":
            yield Problem("delivery_method.no_sale", "document_types", {"type": name})


def _attribute(attribute: Attribute) -> Iterable[Problem]:
    yield from choice_problems(attribute.choices)
    if attribute.type == "list" and not attribute.choices:
        yield Problem("attribute.choices_missing", "choices")
    if attribute.type != "list" and attribute.choices:
        yield Problem("attribute.choices_unused", "choices")
    if attribute.level in _ON_DOCUMENTS:
        yield from _types(attribute.document_types, "document_types")
        return
    for field in ("document_types", "required_at"):
        if getattr(attribute, field):
            yield Problem("attribute.only_on_documents", field)


def _settings(settings: DocumentSettings) -> Iterable[Problem]:
    yield from _types((settings.document_type,), "document_type")
    kind = TYPES.get(settings.document_type)
    if kind is not None and settings.parking == "yes" and not kind.parkable:
        yield Problem("document_settings.not_parkable", "parking", {"type": settings.document_type})
    if kind is not None and settings.direction and kind.lines != "priced":
        yield Problem("document_settings.no_prices", "direction", {"type": settings.document_type})


def _view(view: View) -> Iterable[Problem]:
    level, _, code = view.scope.partition(":")
    if level not in VIEW_SCOPES or (level == "global") == bool(code):
        yield Problem("view.bad_scope", "scope", {"value": view.scope[:60]})
    if view.name not in VIEWS:
        yield Problem("view.unknown", "name", {"name": view.name[:40]})
    else:
        yield from _pieces(view)
    for field in ("columns", "buttons"):
        names = getattr(view, field)
        if len(set(names)) != len(names):
            yield Problem("view.shown_twice", field)


def _pieces(view: View) -> Iterable[Problem]:
    """Attributes become columns as they are defined and may go again: their keys are not judged."""
    choice = Choice(columns=view.columns, buttons=view.buttons)
    attributes = [key.removeprefix(HIDDEN).removeprefix(ATTRIBUTE) for key in view.columns if ATTRIBUTE in key]
    for key in unknown_keys(view.name, choice, attributes):
        field = "columns" if key in view.columns else "buttons"
        yield Problem("view.piece_unknown", field, {"piece": key[:80]})
    for key in hidden_fixed(view.name, choice):
        yield Problem("view.must_stay", "columns", {"piece": key[:80]})


FIRM_CHECKS: Final[Mapping[type, Callable[[Any], Iterable[Problem]]]] = {
    Firm: _firm,
    ExchangeRate: _rate,
    Parameter: _parameter,
    StationDefinition: _station,
    PaymentForm: _form,
    NumberingRule: _numbering,
    Reason: _reason,
    DeliveryMethod: _delivery,
    Attribute: _attribute,
    DocumentSettings: _settings,
    View: _view,
}
