"""One document in full, as people read it (HUB-04)."""

from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from kontuar.kernel.quantity import unscaled
from kontuar.operations.ports.hub_lists import DocumentCard
from kontuar.web.i18n import Texts

TYPE_NAMES: Final = {
    "receipt": "Receipt",
    "invoice": "Invoice",
    "cash_in": "Cash in",
    "cash_out": "Cash out",
    "internal_release": "Internal release",
    "internal_receipt": "Internal receipt",
}
EVENT_NAMES: Final = {"fiscalised": "Fiscalised", "cancelled": "Cancelled", "printed": "Printed"}
LINK_NAMES: Final = {
    "correction_of": "Correction of",
    "generated_from": "Made from",
    "exchange_pair": "Exchanged with",
    "transfer_pair": "Transfer with",
    "protocol_of": "Protocol of",
    "complaint_about": "Complaint about",
    "settles": "Settles",
    "approved_from": "Approved from parked",
}


def type_name(name: str, words: Texts) -> str:
    """A document type in the asker's words."""
    return words.gettext(TYPE_NAMES[name]) if name in TYPE_NAMES else name


def document_href(store: str, doc_id: str) -> str:
    """The address of a document's preview."""
    return f"/documents/{quote(store, safe='')}/{quote(doc_id, safe='')}"


def shown(card: DocumentCard, words: Texts, delivery: str = "") -> dict[str, Any]:
    """A document's parts as people read them; `delivery`: the name of its delivery method."""
    return {
        "type": type_name(card.row.type, words),
        **_sums_and_facts(card, words, delivery),
        **_tables(card, words),
        "history": [
            (words.moment(entry["at"]), words.gettext(EVENT_NAMES.get(entry["event"], entry["event"])),
             entry["operator"], ", ".join(f"{name}: {value}" for name, value in entry["facts"].items() if value))
            for entry in card.history
        ],
        "links": _links(card, words),
    }  # fmt: skip


def _links(card: DocumentCard, words: Texts) -> list[tuple[str, str, str]]:
    """(what the link says, number, address), from here and to here (DOC-04)."""
    there = [(link["kind"], link["number"], link["to_doc"]) for link in card.links]
    back = [(link["kind"], link["number"], link["doc_id"]) for link in card.linked_from]
    return [
        *((words.gettext(LINK_NAMES.get(kind, kind)), number, document_href(card.row.store, target))
          for kind, number, target in there),
        *((f"← {words.gettext(LINK_NAMES.get(kind, kind))}", number, document_href(card.row.store, target))
          for kind, number, target in back),
    ]  # fmt: skip


def _sums_and_facts(card: DocumentCard, words: Texts, delivery: str) -> dict[str, Any]:
    header, currency = card.header, card.row.currency
    return {
        "summary": [
            (words.gettext("Net"), words.money(header["net"], currency)),
            (words.gettext("VAT"), words.money(header["tax"], currency)),
            (words.gettext("Discount"), words.money(header["discount"], currency)),
            (words.gettext("Total"), words.money(card.row.gross, currency), "is-strong"),
        ],
        "facts": [
            (words.gettext("Store"), card.row.store),
            (words.gettext("Station"), card.row.station),
            (words.gettext("Warehouse"), header["warehouse"]),
            (words.gettext("Business day"), words.day(card.row.business_day)),
            (words.gettext("Approved at"), words.moment(card.row.approved_at)),
            (words.gettext("Operator"), card.row.approved_by),
            (words.gettext("Contractor"), card.row.buyer),
            *([(words.gettext("Delivery"), delivery)] if delivery else []),
            (words.gettext("GID"), card.row.gid),
            (words.gettext("Place in the stream"), f"{header['origin']} · {header['incarnation']} · {header['seq']}"),
            (words.gettext("Booked at"), words.moment(header["booked_at"])),
            *([(words.gettext("Deviation"), header["deviation"])] if header["deviation"] else []),
        ],
    }


def _tables(card: DocumentCard, words: Texts) -> dict[str, Any]:
    currency = card.row.currency
    return {
        "lines": [
            (line["line"], line["name"], line["article"], _quantity(line["quantity_e4"], words), line["unit"],
             words.price(unscaled(line["price_e4"])), line["vat"], words.amount(line["value"], currency))
            for line in card.lines
        ],
        "taxes": [
            (tax["vat"], words.amount(tax["net"], currency), words.amount(tax["tax"], currency),
             words.amount(tax["gross"], currency))
            for tax in card.taxes
        ],
        "payments": [
            (words.gettext("Change") if paid["role"] == "change" else paid["form"],
             words.money(paid["amount"], paid["currency"]), paid["card"])
            for paid in card.payments
        ],
        "moves": [
            (move["article"], move["from_place"], move["to_place"], _quantity(move["quantity_e4"], words))
            for move in card.stock_moves
        ],
    }  # fmt: skip


def _quantity(ten_thousandths: int, words: Texts) -> str:
    value = unscaled(ten_thousandths)
    places = max(0, -int(Decimal(value).normalize().as_tuple().exponent))
    return words.quantity(value, min(places, 4))
