"""Views: the columns and buttons of lists and forms, which are hidden, and how choices add up (DOC-10)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

HIDDEN: Final = "-"
"""Stands before the key of what a choice hides."""
ATTRIBUTE: Final = "attribute:"
"""Columns of attributes are not in the table: `attribute:` and the code, hidden until chosen (DOC-11)."""


class Piece(msgspec.Struct, frozen=True):
    """A column or a button; `fixed` = it cannot be hidden."""

    key: str
    shown: bool = True
    fixed: bool = False


class ViewTable(msgspec.Struct, frozen=True, kw_only=True):
    """What a list or form can show, in its usual order. `attributes`: the level whose attributes are columns too."""

    columns: tuple[Piece, ...]
    buttons: tuple[Piece, ...] = ()
    attributes: str = ""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody chose, in order: `key` is shown, `-key` hidden; what is not named stays as it was."""

    columns: tuple[str, ...] = ()
    buttons: tuple[str, ...] = ()


class Arrangement(msgspec.Struct, frozen=True, kw_only=True):
    """All columns and buttons of a view in their order, shown or not."""

    name: str
    columns: tuple[Piece, ...]
    buttons: tuple[Piece, ...]

    def shows(self, key: str) -> bool:
        """Whether a column or a button is to be seen."""
        return any(piece.key == key and piece.shown for piece in (*self.columns, *self.buttons))


def _pieces(always: str = "", usual: str = "", hidden: str = "") -> tuple[Piece, ...]:
    return (
        *(Piece(key, fixed=True) for key in always.split()),
        *(Piece(key) for key in usual.split()),
        *(Piece(key, shown=False) for key in hidden.split()),
    )


_LINES: Final = _pieces(
    "name", "price quantity value",
    "code ean base_price initial_price vat net_price gross_price discount handler warehouse properties",
)  # fmt: skip
_SALE_BUTTONS: Final = _pieces(
    "pay", "contractor document type promotions coupons park discard", "undo quick copy paste summary"
)

VIEWS: Final[Mapping[str, ViewTable]] = {
    "receipt": ViewTable(columns=_LINES, buttons=_SALE_BUTTONS, attributes="line"),
    "invoice": ViewTable(columns=_LINES, buttons=_SALE_BUTTONS, attributes="line"),
    "articles": ViewTable(
        columns=(Piece("picture"), *_pieces("name", "code price stock elsewhere", "group vat")),
    ),
    "stock": ViewTable(columns=_pieces("name", "code price stock elsewhere", "ean group vat")),
    "contractors": ViewTable(
        columns=_pieces("name", "tax card town", "phone code street postal_code email"),
        buttons=_pieces(usual="new details clear enter-card"),
    ),
    "coupons": ViewTable(columns=_pieces("coupon", "gives code until", "promotion")),
    "documents-trade": ViewTable(
        columns=_pieces("number", "state buyer gross created sync links", "type handler recipient forms by"),
        buttons=_pieces("preview", "print fiscalise linked invoice cancel-document unapproved", "copy"),
        attributes="document",
    ),
    "documents-cash": ViewTable(
        columns=_pieces("number", "type state amount forms created sync", "buyer by"),
        buttons=_pieces("preview", "print cancel-document cash-in cash-out"),
    ),
    "documents-goods": ViewTable(
        columns=_pieces("number", "type state created by sync"),
        buttons=_pieces("preview", "print cancel-document unapproved release receive"),
        attributes="document",
    ),
    "linked": ViewTable(columns=_pieces("number", "state buyer gross created"), attributes="document"),
    "parked": ViewTable(columns=_pieces("number", "type state buyer modified gross handler station", "net")),
    "drafts": ViewTable(
        columns=(
            *_pieces("type", "lines value begun begun_by"),
            Piece("todo", fixed=True),
            *_pieces(hidden="buyer handler"),
        ),
        buttons=_pieces("go-on", "throw-away"),
    ),
    "shifts": ViewTable(
        columns=_pieces(
            "shift",
            "day closed sales difference",
            "opened opened_by closed_by float given_up removed perpetual",
        ),
    ),
}
"""Every list and form whose columns and buttons an operator may choose."""


def arranged(name: str, choices: Iterable[Choice], attributes: Sequence[str] = ()) -> Arrangement:
    """The view after all choices, the nearest last. Unknown keys are nothing to us; what came with an update comes
    behind what was chosen, and is shown as the table says (DOC-10)."""
    table = VIEWS[name]
    columns = (*table.columns, *(Piece(ATTRIBUTE + code, shown=False) for code in attributes))
    buttons = table.buttons
    for choice in choices:
        columns, buttons = _chosen(columns, choice.columns), _chosen(buttons, choice.buttons)
    return Arrangement(name=name, columns=columns, buttons=buttons)


def unknown_keys(name: str, choice: Choice, attributes: Sequence[str] = ()) -> list[str]:
    """Keys that the view does not have."""
    plain = arranged(name, (), attributes)
    pairs = ((choice.columns, plain.columns), (choice.buttons, plain.buttons))
    return [key for keys, pieces in pairs for key in keys if _bare(key) not in {piece.key for piece in pieces}]


def hidden_fixed(name: str, choice: Choice) -> list[str]:
    """Keys that the choice hides though they cannot be hidden."""
    fixed = {piece.key for piece in (*VIEWS[name].columns, *VIEWS[name].buttons) if piece.fixed}
    return [_bare(key) for key in (*choice.columns, *choice.buttons) if key.startswith(HIDDEN) and _bare(key) in fixed]


def _chosen(pieces: tuple[Piece, ...], keys: Sequence[str]) -> tuple[Piece, ...]:
    """What is named as shown comes first in that order, all else behind it in the order it had."""
    known = {piece.key: piece for piece in pieces}
    hidden = {_bare(key) for key in keys if key.startswith(HIDDEN)}
    named = [key for key in dict.fromkeys(keys) if key in known and key not in hidden]
    first = (msgspec.structs.replace(known[key], shown=True) for key in named)
    return (*first, *(_unless(piece, hidden) for piece in pieces if piece.key not in named))


def _unless(piece: Piece, hidden: set[str]) -> Piece:
    return msgspec.structs.replace(piece, shown=piece.fixed or (piece.shown and piece.key not in hidden))


def _bare(key: str) -> str:
    return key.removeprefix(HIDDEN)
