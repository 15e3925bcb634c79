"""The parameters that hold for a store as a whole, as its agent knows them."""

from collections.abc import Iterable
from typing import Protocol

from kontuar.domain.firm.parameters import Parameters, effective
from kontuar.domain.firm.records import Centre, Parameter, Store
from kontuar.kernel.canonical import decode


class DefinitionBodies(Protocol):
    """The agent's definitions."""

    def of_kind(self, kind: str) -> Iterable[tuple[str, bytes]]:
        """(key, body) of all rows of a kind."""
        ...

    def body(self, kind: str, key: str) -> bytes | None:
        """One row's bytes."""
        ...


def store_parameters(rows: DefinitionBodies, store: str) -> Parameters:
    """Defaults where the store is not defined here yet."""
    here = rows.body("store", store)
    if here is None:
        return Parameters({})
    centres = {key: decode(body, Centre) for key, body in rows.of_kind("centre")}
    found = (decode(body, Parameter) for _, body in rows.of_kind("parameter"))
    return effective(found, centres, centre=decode(here, Store).centre, store=store, station="")
