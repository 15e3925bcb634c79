"""A story lasts minutes: what a shop has done every ten minutes is done every half one; nobody rests in real time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from kontuar.nodes import books_proof, hub_proofs, prune_desk, return_desk

_INSTEAD: Final[tuple[tuple[Any, str, float], ...]] = (
    (prune_desk, "LOOK_SECONDS", 20.0), (return_desk, "LATER_SECONDS", 20.0),
    (books_proof, "REST_SECONDS", 0.0), (hub_proofs, "REST_SECONDS", 0.0),
)  # fmt: skip


@contextmanager
def layer() -> Iterator[None]:
    """For this process, until it is left."""
    before = [(where, name, getattr(where, name)) for where, name, _ in _INSTEAD]
    for where, name, value in _INSTEAD:
        setattr(where, name, value)
    try:
        yield
    finally:
        for where, name, value in before:
            setattr(where, name, value)
