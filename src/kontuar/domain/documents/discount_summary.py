"""The discount summary from what a document keeps, no rule asked again: what was given then (DISC-31)."""

from collections.abc import Iterable

import msgspec

from kontuar.domain.documents.discounting import OPERATOR, ArticleTraits, Surroundings, basket_of
from kontuar.domain.documents.document import Document
from kontuar.domain.pricing.basket import Adjustment, Application, Priced
from kontuar.domain.pricing.operator import LINE_RULE
from kontuar.domain.pricing.summary import Summary, summary_of
from kontuar.kernel.money import Minor


def summary_of_document(document: Document) -> Summary:
    """The window's figures of a draft or of an approved document, to the penny what its lines say.

    A carried discount counts where it counted on the document that it came from.
    """
    nothing = {line.article: ArticleTraits() for line in document.lines}
    uncarried = tuple(msgspec.structs.replace(line, carried=False) for line in document.lines)
    plain = msgspec.structs.replace(document, lines=uncarried)
    basket = basket_of(plain, nothing, Surroundings(minute=0, centres=(), buyer_groups=()))
    return summary_of(basket, _as_priced(document), document.currency)


def unnamed(document: Document) -> list[str]:
    """The rules given on the document that it keeps no name of: it was parked by an older program."""
    kept = {one.rule for one in (*document.discounts.brought, *document.discounts.applications)}
    rules = (one.rule for line in document.lines for one in line.adjustments if one.source != OPERATOR)
    return [rule for rule in dict.fromkeys(rules) if rule not in kept]


def _as_priced(document: Document) -> Priced:
    """What the engine said when the document was made, as far as the summary asks."""
    totals = document.totals
    changes = [one for line in document.lines for one in line.adjustments]
    value = sum(line.value for line in document.lines)
    return Priced(
        lines=(), applications=tuple(_given(document, changes)), savings={},
        list_value=Minor(value - sum(one.amount for one in changes)), value=Minor(value),
        net=totals.net, tax=totals.tax, gross=totals.gross,
    )  # fmt: skip


def _given(document: Document, changes: Iterable[Adjustment]) -> Iterable[Application]:
    """One for each rule, in the order in which the lines name them, with what it took off all lines."""
    known = {one.rule: one for one in (*document.discounts.brought, *document.discounts.applications)}
    sums: dict[str, int] = {}
    first: dict[str, Adjustment] = {}
    for change in changes:
        sums[change.rule] = sums.get(change.rule, 0) - change.amount
        first.setdefault(change.rule, change)
    for rule, amount in sums.items():
        application = known.get(rule) or _unknown(first[rule])
        yield msgspec.structs.replace(application, amount=Minor(amount))


def _unknown(change: Adjustment) -> Application:
    """What a change tells of the rule behind it."""
    by_operator = change.source == OPERATOR
    return Application(
        rule=change.rule, version=change.version, name="", source=change.source, group="", for_buyer=False, times=1,
        amount=Minor(-change.amount), wanted=Minor(-change.amount),
        header=change.source == "WTR" or (by_operator and change.rule != LINE_RULE), by_operator=by_operator,
    )  # fmt: skip
