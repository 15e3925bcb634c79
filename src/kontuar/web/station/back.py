"""The screens behind the sale: lists, cash, goods, shifts, stock, drafts, settings."""

from typing import Any, Final

from kontuar.web.station import (
    cash,
    documents,
    drafts,
    elsewhere,
    exchange,
    fiscal,
    goods,
    parked,
    preview,
    settings,
    shift,
    stock,
)

HANDLERS: Final[tuple[Any, ...]] = (
    *documents.HANDLERS, *elsewhere.HANDLERS, *preview.HANDLERS, *fiscal.HANDLERS, *cash.HANDLERS, *goods.HANDLERS,
    *shift.HANDLERS, *stock.HANDLERS, *drafts.HANDLERS, *parked.HANDLERS, *settings.HANDLERS,
    *exchange.HANDLERS,
)  # fmt: skip
