"""The prices of a draft: from the lists of the business day, at the VAT rates that hold (DOC-22)."""

import datetime
from decimal import Decimal

import msgspec

from kontuar.domain.catalogue.records import Article, PriceList, VatRate
from kontuar.domain.documents import ceilings, lines
from kontuar.domain.documents.discounting import bundles_of, carried_adjustments
from kontuar.domain.documents.document import Document, Line
from kontuar.domain.documents.types import type_of
from kontuar.domain.pricing.line_prices import UnitPrice, list_price
from kontuar.domain.pricing.vat import REVERSE_CHARGE, Direction, oss_code, rate_on
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.kernel.money import exponent_of
from kontuar.kernel.rounding import half_up
from kontuar.operations.station.station import Station
from kontuar.operations.station.till.discounting import with_discounts


def reprice(station: Station, document: Document, *, was: Direction | None = None) -> Document:
    """All lines at the prices and VAT rates of the business day, typed prices kept; the document names version and day.

    `was`: the direction before, where it has just changed: typed prices are turned, so that the buyer pays the same.

    Carried lines of a parked document keep what they cost (PARK-12); on the others discounts are reckoned anew.
    Raises `Refused("price.missing" | "vat.unknown" | "article.not_found" | "unit.unknown")`, with every line it is
    about: nothing is sold at a price that does not hold any more.
    """
    if document.repeats:
        return document
    day = station.business_day()
    version = station.books.definitions.version()
    result = msgspec.structs.replace(_with_header_turned(document, was), definitions=version, business_day=day)
    problems: list[Problem] = []
    for line in document.lines if type_of(document.type).lines == "priced" else ():
        try:
            result = lines.replace(result, _repriced(station, result, line, day, was))
        except Refused as refusal:
            problems += [Problem(each.code, f"line:{line.number}", each.facts) for each in refusal.problems]
    if problems:
        raise Refused(*problems)
    return with_discounts(station, result)


def _with_header_turned(document: Document, was: Direction | None) -> Document:
    """An amount off the document, and the most it may be, are worth the same to who pays in either direction."""
    discounts, totals = document.discounts, document.totals
    top, bottom = (totals.net, totals.gross) if document.direction == "net" else (totals.gross, totals.net)
    if was in (None, document.direction) or not bottom:
        return document
    header = discounts.header
    if header is not None and header.kind == "amount":
        value = half_up(header.value * top / bottom, exponent_of(document.currency))
        header = msgspec.structs.replace(header, value=value)
    most = ceilings.turned(discounts.header_most, Decimal(top) / bottom)
    turned = msgspec.structs.replace(discounts, header=header, header_most=most)
    return msgspec.structs.replace(document, discounts=turned)


def _repriced(station: Station, document: Document, line: Line, day: datetime.date, was: Direction | None) -> Line:
    article = article_of(station, line.article)
    vat = rate_of(station, document, article, day)
    fresh = msgspec.structs.replace(
        line, vat=vat.code, percent=vat.percent, letter=vat.letter,
        reverse_charge=article.reverse_charge, split_payment=article.split_payment,
    )  # fmt: skip
    stays = was in (None, document.direction)
    if stays and line.carried and (carried_adjustments(line) or line.discount or bundles_of(line) or line.promised):
        return fresh
    if stays and line.initial_by:
        return lines.undiscounted(fresh, document.currency)
    price = price_of(station, document, article, lines.unit_of(article, line.unit, station.units()))
    if stays or was is None:
        return lines.at_list_price(fresh, price, document.currency)
    percent = station.vat_rate(article.vat, day).percent if line.vat == REVERSE_CHARGE else line.percent
    return lines.turned(fresh, price, percent, was, document.currency)


def price_of(station: Station, document: Document, article: Article, chosen: lines.UnitOfArticle) -> UnitPrice:
    day = station.business_day()
    definitions = station.books.definitions
    codes = dict.fromkeys([document.price_list, station.store().price_list])
    lists = tuple(found for code in codes if (found := definitions.get(PriceList, code)) is not None)
    percent = station.vat_rate(article.vat, day).percent
    return list_price(
        article, chosen.unit.code, chosen.factor, percent, lists=lists,
        find=lambda price_list, code, unit: definitions.price_on(price_list, code, unit, day.isoformat()),
        direction=document.direction,
    )  # fmt: skip


def rate_of(station: Station, document: Document, article: Article, day: datetime.date) -> VatRate:
    """The rate an article has on a document: *NP* where the buyer accounts for the VAT, the other country's under OSS.

    Raises `Refused("vat.unknown" | "vat.oss_missing")` (SALE-07).
    """
    rates = station.books.definitions.every(VatRate).values()
    if document.reverse_charge and article.reverse_charge:
        unnamed = VatRate(code=REVERSE_CHARGE, valid_from=day.isoformat(), percent=None, letter="")
        return rate_on(rates, REVERSE_CHARGE, day.isoformat()) or unnamed
    if document.oss_country:
        found = rate_on(rates, oss_code(document.oss_country, article.vat), day.isoformat())
        if found is None:
            raise refuse("vat.oss_missing", "article", vat=article.vat, country=document.oss_country)
        return found
    return station.vat_rate(article.vat, day)


def article_of(station: Station, code: str) -> Article:
    article = station.books.definitions.get(Article, code)
    if article is None:
        raise refuse("article.not_found", "article", article=code)
    return article
