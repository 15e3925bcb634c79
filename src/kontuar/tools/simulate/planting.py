"""Puts a planted fault into the program, for as long as a `with` lasts; nothing of it stays."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from kontuar.tools.simulate import planted_books, planted_kept, planted_lives, planted_sales, planted_streams
from kontuar.tools.simulate.planted import Planted

FAULTS: Final[tuple[Planted, ...]] = (
    *planted_streams.fault.listed, *planted_books.fault.listed, *planted_lives.fault.listed,
    *planted_sales.fault.listed, *planted_kept.fault.listed,
)  # fmt: skip


@contextmanager
def planted(wanted: Planted) -> Iterator[None]:
    """The program with one fault in it."""
    with ExitStack() as undo:
        for where, name, instead in wanted.changes():
            undo.callback(setattr, where, name, getattr(where, name))
            setattr(where, name, instead)
        yield
