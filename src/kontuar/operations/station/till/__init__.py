"""The cashier's work on a draft: begin, add, change, remove, give up; each change durable (DOC-20 … DOC-24)."""

from kontuar.operations.station.till.buyer import (
    card_needs_question,
    choose_address,
    needs_question,
    set_buyer,
    set_card,
    set_recipient,
    set_tax_number,
)
from kontuar.operations.station.till.codes import SCANS, SCANS_KEPT
from kontuar.operations.station.till.drafts import begin, discard, look_at, resume
from kontuar.operations.station.till.heading import (
    TEXT_FIELDS,
    set_attribute,
    set_handler,
    set_line_attribute,
    set_line_handler,
    set_reason,
    set_text,
)
from kontuar.operations.station.till.limits import limit_of
from kontuar.operations.station.till.lines import (
    add_article,
    change_quantity,
    remove_line,
    scan,
)
from kontuar.operations.station.till.operator_discounts import (
    change_by_percent,
    change_initial_price,
    change_price,
    change_value,
    give_header_discount,
)
from kontuar.operations.station.till.prices import reprice
from kontuar.operations.station.till.promotions import apply_promotions, bundles_on, remove_promotions
from kontuar.operations.station.till.properties import choose_batch
from kontuar.operations.station.till.terms import (
    change_type,
    set_direction,
    set_oss,
    set_reverse_charge,
    set_split_payment,
)

__all__ = [
    "SCANS",
    "SCANS_KEPT",
    "TEXT_FIELDS",
    "add_article",
    "apply_promotions",
    "begin",
    "bundles_on",
    "card_needs_question",
    "change_by_percent",
    "change_initial_price",
    "change_price",
    "change_quantity",
    "change_type",
    "change_value",
    "choose_address",
    "choose_batch",
    "discard",
    "give_header_discount",
    "limit_of",
    "look_at",
    "needs_question",
    "remove_line",
    "remove_promotions",
    "reprice",
    "resume",
    "scan",
    "set_attribute",
    "set_buyer",
    "set_card",
    "set_direction",
    "set_handler",
    "set_line_attribute",
    "set_line_handler",
    "set_oss",
    "set_reason",
    "set_recipient",
    "set_reverse_charge",
    "set_split_payment",
    "set_tax_number",
    "set_text",
]
