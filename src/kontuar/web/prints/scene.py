"""What a print says beside the document itself: the firm, the shop, and names instead of codes."""

from collections.abc import Mapping

import msgspec

from kontuar.domain.cash.records import PaymentForm
from kontuar.domain.firm.parameters import Parameters
from kontuar.domain.firm.records import Attribute, DeliveryMethod, Firm, Reason, StationDefinition, Store, Warehouse
from kontuar.domain.parties.records import Operator
from kontuar.operations.station.station import Station


class PrintScene(msgspec.Struct, frozen=True, kw_only=True):
    """Names by code for everything a print mentions; `language` is the customer's, not the operator's."""

    language: str
    firm: Firm
    store: Store
    station: str
    operators: Mapping[str, str] = {}
    forms: Mapping[str, str] = {}
    reasons: Mapping[str, str] = {}
    warehouses: Mapping[str, str] = {}
    footer: str = ""
    fiscal_device: bool = False
    parameters: Parameters = Parameters({})
    attributes: Mapping[str, str] = {}
    deliveries: Mapping[str, str] = {}


def scene_of(station: Station) -> PrintScene:
    """The scene of a station now; read on the database thread."""
    definitions = station.books.definitions
    parameters = station.parameters()
    own = definitions.get(StationDefinition, station.identity.station)
    return PrintScene(
        language=parameters.text("locale.language"),
        firm=station.firm(),
        store=station.store(),
        station=own.name if own else station.identity.station,
        operators={row.code: row.name for row in definitions.every(Operator).values()},
        forms={row.code: row.name for row in definitions.every(PaymentForm).values()},
        reasons={row.code: row.name for row in definitions.every(Reason).values()},
        warehouses={row.code: row.name for row in definitions.every(Warehouse).values()},
        footer=parameters.text("print.receipt_footer"),
        fiscal_device=station.fiscal_device,
        parameters=parameters,
        attributes={row.code: row.name for row in definitions.every(Attribute).values()},
        deliveries={row.code: row.name for row in definitions.every(DeliveryMethod).values()},
    )
