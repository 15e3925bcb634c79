"""The words of definitions on screens: kinds, areas, fields, choices, hints, sections. English source texts."""

from collections.abc import Mapping
from typing import Final

from kontuar.web.hub import discount_words
from kontuar.web.hub.rendering import NavArea, NavLink

NAMES: Final = {
    "currency": "Currencies",
    "firm": "Firm",
    "centre": "Centres",
    "unit": "Units",
    "vat_rate": "VAT rates",
    "price_list": "Price lists",
    "store": "Stores",
    "warehouse": "Warehouses",
    "payment_form": "Payment forms",
    "delivery_method": "Delivery methods",
    "station": "Stations",
    "exchange_rate": "Exchange rates",
    "numbering": "Numbering",
    "reason": "Reasons",
    "parameter": "Parameters",
    "picture": "Pictures",
    "attribute": "Attributes",
    "document_settings": "Document types",
    "view": "Views",
    "property": "Properties",
    "article_group": "Article groups",
    "article": "Articles",
    "batch": "Batches",
    "quick_group": "Quick-sale groups",
    "quick_favourite": "Favourites",
    "price": "Prices",
    "contractor_group": "Contractor groups",
    "contractor": "Contractors",
    "discount_group": "Discount groups",
    "discount": "Discounts",
    "coupon": "Coupons",
    "role": "Roles",
    "operator": "Operators",
}

_LINKS: Final = (
    ("Goods", (
        ("article", "box"), ("article_group", "list"), ("property", "swap"), ("batch", "barcode"),
        ("price_list", "percent"), ("price", "cash"), ("unit", "swap"), ("vat_rate", "percent"), ("picture", "camera"),
        ("quick_group", "cart"), ("quick_favourite", "cart"),
    )),
    ("Discounts", (("discount", "percent"), ("discount_group", "list"), ("coupon", "barcode"))),
    ("People", (
        ("contractor", "users"), ("contractor_group", "list"), ("operator", "user"), ("role", "lock"),
    )),
    ("Money", (("payment_form", "card"), ("currency", "cash"), ("exchange_rate", "swap"))),
    ("Firm", (
        ("firm", "store"), ("centre", "link"), ("store", "store"), ("warehouse", "box-in"), ("station", "receipt"),
    )),
    ("Documents and settings", (
        ("document_settings", "invoice"), ("numbering", "invoice"), ("attribute", "edit"), ("reason", "edit"),
        ("delivery_method", "box-out"),
        ("view", "list"), ("parameter", "settings"),
    )),
)  # fmt: skip

AREAS: Final = (
    *(
        NavArea(label, tuple(NavLink(NAMES[kind], icon, f"/definitions/{kind}") for kind, icon in links))
        for label, links in _LINKS
    ),
    NavArea("Versions", (NavLink("Versions of the definitions", "clock", "/definition-versions"),)),
)
ICONS: Final = {kind: icon for _, links in _LINKS for kind, icon in links}

LABELS: Final = {
    "vat": "VAT", "eans": "EANs", "ean": "EAN", "code": "Code", "name": "Name", "unit": "Unit", "group": "Group",
    "kind": "Kind", "groups": "Further groups", "units": "Further units", "factor": "Factor", "round_up": "Round up",
    "picture": "Picture", "pictures": "Further pictures", "description": "Description", "active": "Active",
    "no_discount": "No discount", "split_payment": "Split payment", "reverse_charge": "Reverse charge",
    "properties": "Properties", "linked": "Linked articles", "substitutes": "Substitutes", "attributes": "Attributes",
    "packaging": "Deposit packaging", "parent": "Parent", "valid_from": "Valid from", "percent": "Percent",
    "letter": "Letter", "currency": "Currency", "direction": "Direction", "stores": "Stores", "article": "Article",
    "price_list": "Price list", "price": "Price", "media_type": "Media type", "data": "Data", "precision": "Precision",
    "symbol": "Symbol", "tax_number": "Tax number", "street": "Street", "postal_code": "Postal code", "city": "City",
    "country": "Country", "time_zone": "Time zone", "centre": "Centre", "warehouse": "Warehouse", "store": "Store",
    "series": "Series", "register": "Register", "forms": "Forms", "scope": "Scope", "value": "Value", "rate": "Rate",
    "document_type": "Document type", "document_types": "Document types", "pattern": "Pattern", "reset": "Reset",
    "parked_prefix": "Prefix of parked numbers", "level": "Belongs to", "type": "Type of value", "choices": "Choices",
    "required": "Required", "required_at": "Required at stations", "position": "Position", "parking": "Parking",
    "columns": "Columns", "buttons": "Buttons", "email": "Email", "phone": "Phone", "loyalty_card": "Loyalty card",
    "payment_days": "Payment days", "recipients": "Recipients", "addresses": "Addresses", "cards": "Further cards",
    "consents": "Consents", "given": "Given", "since": "Since", "credit_limit": "Credit limit",
    "payment_form": "Payment form", "status": "VAT status", "second_name": "Second name", "anonymised": "Anonymised",
    "pesel": "PESEL",
    "rights": "Rights", "roles": "Roles", "card": "Card", "language": "Language", "valid_until": "Valid until",
    "discount_percent": "Most discount %", "discount_amount": "Most discount, amount",
    "pin": "PIN", "currencies": "Currencies", "opens_drawer": "Opens drawer", "gives_change": "Gives change",
    "clear_after_shift": "Clear after shift", **discount_words.LABELS,
}  # fmt: skip

CHOICES: Final = {
    "goods": "Goods", "service": "Service", "set": "Set", "voucher": "Voucher", "net": "Net", "gross": "Gross",
    "sales": "Sales floor", "back": "Back room", "pickup": "Pick-up point", "transit": "In transit",
    "never": "Never", "year": "Every year", "month": "Every month", "document": "Documents", "line": "Lines",
    "article": "Articles", "contractor": "Contractors", "text": "Text", "number": "Number", "date": "Date",
    "list": "List", "yes_no": "Yes or no", "yes": "Yes", "no": "No", "": "As usual", "business": "Business",
    "retail": "Retail customer", "domestic": "Domestic", "eu": "European Union", "outside": "Outside the EU",
    "pl": "Polish", "en": "English (language)", "fr": "French", "cash": "Cash", "card": "Card", "bank": "Transfer",
    "transfer": "Transfer", "deferred": "Deferred", "local": "In this till only",
    "local_and_hub": "In this till and at head office", "first_satisfied": "The first that fits",
    "best_for_customer": "The best for the customer", **discount_words.CHOICES,
}  # fmt: skip

HINTS: Final = {
    "units": "One base unit is this much of the further unit: a carton of ten pieces has the factor 0.1.",
    "pin": "4 to 8 digits. Left empty, the operator keeps the one he has. It is never shown.",
    "document_types": "None marked = all.",
    "reason.document_types": "Where this reason may be chosen.",
    "delivery_method.document_types": "None marked = nowhere.",
    "stores": "None = all stores.",
    "forms": "None = all payment forms.",
    "choices": "None = any text.",
    "attribute.choices": "Only for the type List.",
    "percent": "Empty = exempt.",
    "pattern": "Parts: {symbol} {number:5} {month} {year} {warehouse} {series}",
    "parameter.scope": "global, centre:CODE, store:CODE or station:CODE",
    "view.scope": "global, store:CODE or station:CODE",
    "view.columns": "Keys in their order; a minus before the key hides it: number, gross, -buyer.",
    "view.buttons": "Keys in their order; a minus before the key hides it: number, gross, -buyer.",
    "parent": "Empty = at the top.",
    "store.warehouse": "The code of the warehouse that sales take goods from.",
    "credit_limit": "Empty = no limit is set.",
    "contractor.pesel": "Of retail customers only.",
    "batch.properties": "A value for each property of the article.",
    "store.article_group": "Only discounts on goods of this group and below are sent; empty = all.",
    "store.contractor_group": "Only discounts for buyers of this group and below are sent; empty = all.",
    **discount_words.HINTS,
}

SECTIONS: Final[Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]] = {
    "article": (
        ("Main data", ("code", "name", "kind", "vat", "unit", "group", "active")),
        ("Codes and units", ("eans", "units")),
        ("Selling", ("no_discount", "split_payment", "reverse_charge", "packaging", "linked", "substitutes")),
        ("Description and pictures", ("description", "picture", "pictures", "groups", "properties", "attributes")),
    ),
    "contractor": (
        ("Main data", (
            "code", "name", "second_name", "kind", "status", "tax_number", "pesel", "group", "groups",
            "active",
        )),
        ("Address and contact", ("street", "postal_code", "city", "country", "email", "phone", "addresses")),
        ("Terms of trade", (
            "price_list", "payment_form", "payment_days", "credit_limit", "recipients",
        )),
        ("Cards, consents, attributes", ("loyalty_card", "cards", "consents", "attributes", "anonymised")),
    ),
    **discount_words.SECTIONS,
}  # fmt: skip

FILTERS: Final = {
    "article": ("article_group", "vat_rate"),
    "price": ("price_list", "article"),
    "batch": ("article",),
    "contractor": ("contractor_group", "price_list"),
    "store": ("centre",),
    "warehouse": ("store",),
    "station": ("store",),
    "operator": ("role", "store"),
    "article_group": ("article_group",),
    "exchange_rate": ("currency",),
    "discount": ("discount_group", "article", "article_group", "contractor", "centre"),
    "coupon": ("discount",),
}
"""Kinds whose rows a list may be narrowed by: only rows that name the one chosen."""


def label_of(field: str) -> str:
    """`price_list` → `Price list`, the source text of its translation."""
    return LABELS.get(field) or field.replace("_", " ").capitalize()
