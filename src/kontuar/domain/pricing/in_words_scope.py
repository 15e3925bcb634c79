"""When and where a discount holds, as phrases (DISC-10)."""

from collections.abc import Iterator
from decimal import Decimal

from kontuar.domain.pricing.phrases import Name, Phrase, buyers_phrase
from kontuar.domain.pricing.rules import Hours, Repeats, Scope, Validity

_DAYS = {
    1: "says.monday", 2: "says.tuesday", 3: "says.wednesday", 4: "says.thursday", 5: "says.friday",
    6: "says.saturday", 7: "says.sunday",
}  # fmt: skip
_CYCLES = {"day": "says.every_days", "week": "says.every_weeks", "month": "says.every_months"}


def validity_says(validity: Validity) -> Iterator[Phrase]:
    """Days, weekdays, hours, repetition; always says something of the days."""
    first, last = validity.first_day, validity.last_day
    if first is not None and last is not None:
        yield Phrase("says.days_between", {"first": first, "last": last})
    elif first is not None:
        yield Phrase("says.days_from", {"first": first})
    elif last is not None:
        yield Phrase("says.days_until", {"last": last})
    else:
        yield Phrase("says.without_end")
    if validity.weekdays:
        days = tuple(Phrase(_DAYS[day]) for day in sorted(set(validity.weekdays)) if day in _DAYS)
        yield Phrase("says.on_weekdays", {"days": days})
    if validity.hours:
        yield Phrase("says.at_hours", {"hours": ", ".join(_span(span) for span in validity.hours)})
    if validity.repeats is not None:
        yield _cycle(validity.repeats)


def scope_says(scope: Scope) -> Iterator[Phrase]:
    """What narrows the discount, one sentence each; nothing where it holds everywhere and for everyone."""
    if scope.buyers.contractors or scope.buyers.groups:
        yield Phrase("says.for_buyers", {"buyers": buyers_phrase(scope.buyers)})
    for code, kind, named in (
        ("says.in_centres", "centre", scope.centres),
        ("says.from_warehouses", "warehouse", scope.warehouses),
        ("says.with_forms", "payment_form", scope.payment_forms),
        ("says.by_delivery", "delivery_method", scope.delivery_methods),
        ("says.on_documents", "document_type", scope.document_kinds),
    ):
        if named:
            yield Phrase(code, {"names": tuple(Name(kind, one) for one in named)})
    if scope.currency:
        yield Phrase("says.in_currency", {"code": scope.currency})


def _span(span: Hours) -> str:
    return "–".join(f"{minute // 60}:{minute % 60:02}" for minute in (span.start_minute, span.end_minute))


def _cycle(repeats: Repeats) -> Phrase:
    return Phrase(_CYCLES[repeats.unit], {"every": Decimal(repeats.every), "lasts": Decimal(repeats.lasts_days)})
