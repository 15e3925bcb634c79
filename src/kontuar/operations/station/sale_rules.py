"""What a firm switches on and off for selling at its tills by parameters (HUB-12)."""

import msgspec

from kontuar.domain.catalogue.records import Article
from kontuar.domain.documents.case import Case
from kontuar.domain.documents.checks import goods_missing
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.types import type_of
from kontuar.domain.parties.records import UNDEFINED
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.operations.actor import Actor
from kontuar.operations.ports.station import CodeMatch
from kontuar.operations.station.station import Station


def require_ean(station: Station, document: Document, match: CodeMatch, code: str) -> None:
    """`sale.by_ean_only`: on selling documents a scan or a typed code is an EAN, never the article's own code.

    Choosing from the list is not affected. Raises `Refused("article.sold_by_ean_only")`.
    """
    if type_of(document.type).family != "trade" or not station.parameters().yes("sale.by_ean_only"):
        return
    article = station.books.definitions.get(Article, match.article)
    eans = {row.ean for row in article.eans} if article else set()
    is_own_code = bool(station.books.definitions.by_code(code)) and not match.batch and code not in eans
    if is_own_code:
        raise refuse("article.sold_by_ean_only", "article", code_text=code[:60])


def require_there(station: Station, document: Document, article: str) -> None:
    """`sale.check_stock_by_line`: goods known not to be there are refused as they are entered, not only when the
    document is paid; where nothing may be sold below zero at all (`sale.block_below_zero`, SALE-08).

    Raises `Refused("stock.too_low")`.
    """
    parameters = station.parameters()
    asked = parameters.yes("sale.check_stock_by_line") and parameters.yes("sale.block_below_zero")
    if not asked or type_of(document.type).family != "trade" or not station.books.stock.is_known():
        return
    entered = tuple(line for line in document.lines if line.article == article)
    case = Case(
        document=msgspec.structs.replace(document, lines=entered), parameters=parameters,
        balances=station.books.stock.balances({article}),
    )  # fmt: skip
    problems = [Problem("stock.too_low", found.place, found.facts) for found in goods_missing(case)]
    if problems:
        raise Refused(*problems)


def require_free_direction(station: Station, document: Document, direction: str) -> None:
    """`sale.direction_with_lines`: whether net and gross may be switched once there are lines.

    Raises `Refused("invoice.direction_fixed_by_lines")`.
    """
    if document.lines and direction != document.direction and not station.parameters().yes("sale.direction_with_lines"):
        raise refuse("invoice.direction_fixed_by_lines", "direction")


def require_deferrable(station: Station) -> None:
    """`sale.deferred_for_undefined`: whether the undefined customer may pay later at all, whoever allows it.

    Raises `Refused("payment.undefined_pays_now")`.
    """
    if not station.parameters().yes("sale.deferred_for_undefined"):
        raise refuse("payment.undefined_pays_now", "payment")


def chooses_several(station: Station, actor: Actor) -> bool:
    """`sale.choose_several`: whether the article list stays open, to choose one article after another from it."""
    del actor
    return station.parameters().yes("sale.choose_several")


def warns_of_undefined(station: Station, actor: Actor, doc_id: str) -> bool:
    """`sale.warn_undefined`: whether somebody is to be asked before a document is paid that names no contractor."""
    document = station.draft(doc_id)
    actor.require(type_of(document.type).issue_right, doc_id)
    nobody = document.buyer.code == UNDEFINED and not document.buyer.tax_number and not document.payments
    return nobody and station.parameters().yes("sale.warn_undefined")
