"""Words of the columns and buttons that views are made of, and how their columns are set (DOC-10)."""

from collections.abc import Mapping
from typing import Any, Final

from kontuar.domain.firm.views import ATTRIBUTE, Arrangement
from kontuar.web.i18n import Texts

VIEW_NAMES: Final = {
    "receipt": "Receipt", "invoice": "Invoice", "articles": "Articles", "stock": "Stock",
    "contractors": "Contractors", "documents-trade": "Trade documents", "documents-cash": "Cash documents",
    "documents-goods": "Goods documents", "linked": "Linked documents", "parked": "Unapproved documents",
    "coupons": "Coupons", "drafts": "Drafts", "shifts": "Earlier shifts",
}  # fmt: skip

COLUMN_WORDS: Final = {
    "name": "Name", "price": "Price", "quantity": "Quantity", "value": "Value", "code": "Code", "ean": "EAN",
    "base_price": "Base price", "initial_price": "Initial price", "vat": "VAT", "net_price": "Net price",
    "gross_price": "Gross price", "discount": "Discount", "handler": "Handler", "warehouse": "Warehouse",
    "properties": "Properties", "picture": "Picture", "stock": "Stock by warehouse", "elsewhere": "Other stores",
    "group": "Group", "tax": "Tax number", "town": "Town", "phone": "Phone", "card": "Loyalty card",
    "number": "Number", "type": "Type", "state": "State", "buyer": "Contractor", "gross": "Gross",
    "created": "Issued", "sync": "Head office", "links": "Linked documents", "recipient": "Recipient",
    "forms": "Payment form", "by": "Issued by", "amount": "Amount", "modified": "Changed", "station": "Till",
    "net": "Net", "street": "Street", "postal_code": "Postal code", "email": "E-mail", "lines": "Lines",
    "begun": "Begun", "begun_by": "Begun by", "todo": "What to do", "shift": "Shift", "day": "Business day",
    "closed": "Closed on", "sales": "Sales", "difference": "Differences", "opened": "Opened", "opened_by": "Opened by",
    "closed_by": "Closed by", "float": "Float", "given_up": "Receipts given up", "removed": "Lines removed",
    "perpetual": "Perpetual total", "coupon": "Coupon", "gives": "Gives", "until": "Valid until",
    "promotion": "Promotion",
}  # fmt: skip

BUTTON_WORDS: Final = {
    "pay": "Pay", "contractor": "Contractor", "document": "Document", "type": "Invoice or receipt", "park": "Park",
    "discard": "Throw the receipt away", "undo": "Undo, in the payment window", "quick": "Quick sale",
    "copy": "Copy lines", "paste": "Paste lines", "preview": "Preview", "print": "Print",
    "fiscalise": "Fiscalise again", "invoice": "Invoice", "linked": "Linked documents",
    "cancel-document": "Cancel the document",
    "unapproved": "Unapproved documents", "cash-in": "Cash in (KP)", "cash-out": "Cash out (KW)",
    "release": "Release (RW)", "receive": "Receipt (PW)",
    "new": "New contractor", "details": "Details", "clear": "Clear: no contractor", "enter-card": "Enter the card",
    "promotions": "Promotions", "coupons": "Coupons", "summary": "Discount summary",
    "go-on": "Go on", "throw-away": "Throw away",
}  # fmt: skip

_ALIGN: Final = {
    "number": "main tight", "gross": "num", "amount": "num", "net": "num", "price": "num", "created": "tight",
    "sync": "tight", "modified": "tight", "code": "tight", "ean": "tight", "tax": "tight", "phone": "tight",
    "picture": "tight", "elsewhere": "cell-button", "card": "tight", "postal_code": "tight", "lines": "num",
    "value": "num", "begun": "tight", "todo": "tight", "shift": "main tight", "day": "tight", "sales": "num",
    "difference": "num", "opened": "tight", "float": "num", "given_up": "num", "removed": "num", "perpetual": "num",
    "gives": "num", "until": "tight",
}  # fmt: skip
_NAMED_FIRST: Final = frozenset({"articles", "stock", "contractors"})


def column_word(key: str, words: Texts, attributes: Mapping[str, str]) -> str:
    """What stands above a column."""
    if key.startswith(ATTRIBUTE):
        code = key.removeprefix(ATTRIBUTE)
        return attributes.get(code, code)
    return words.gettext(COLUMN_WORDS[key])


def columns_of(view: Arrangement, words: Texts, attributes: Mapping[str, str]) -> list[dict[str, Any]]:
    """The columns to be seen, in their order, as the kit's lists take them."""
    return [
        {"key": piece.key, "label": column_word(piece.key, words, attributes), "align": _align(view, piece.key)}
        for piece in view.columns
        if piece.shown
    ]


def _align(view: Arrangement, key: str) -> str:
    if (view.name, key) == ("drafts", "type") or (key == "name" and view.name in _NAMED_FIRST):
        return "main"
    return _ALIGN.get(key, "")
