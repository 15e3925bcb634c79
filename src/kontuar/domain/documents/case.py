"""What the checks of a life-cycle table may look at."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from kontuar.domain.cash.records import CashMove, Shift
from kontuar.domain.documents.document import Document
from kontuar.domain.firm.parameters import Parameters
from kontuar.domain.firm.records import Attribute
from kontuar.domain.stock.records import StockMove
from kontuar.kernel.money import Minor

Entry = StockMove | CashMove


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A document and the facts around it at the moment of a step.

    `balances`: (warehouse, article) → base units; None where the store's stock is not known.
    `register_cash`: (form, currency) → what the ledger says is in the register. `attributes`: those that documents of
    this type and their lines have; `required`: codes of those that may not be missing here (DOC-30). `deliveries`:
    codes of the methods that may be chosen here.
    """

    document: Document
    parameters: Parameters
    shift: Shift | None = None
    balances: Mapping[tuple[str, str], Decimal] | None = None
    register_cash: Mapping[tuple[str, str], Minor] = {}
    fiscal_device: bool = False
    attributes: tuple[Attribute, ...] = ()
    required: frozenset[str] = frozenset()
    deliveries: frozenset[str] = frozenset()
