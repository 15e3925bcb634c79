"""The lives of a node on its machine: which one runs, and which is ready for when that is over (REL-13).

A restored or forked till must go on at once, also cut off from everybody: so its next key is certified beforehand.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import refuse
from kontuar.kernel.ids import Ids
from kontuar.sync.files import write_whole
from kontuar.sync.identity import (
    CURRENT,
    LIVES,
    SPARE,
    NodeKeys,
    certify_life,
    enrol,
    life_request,
    load_life,
    other_lives,
    read_current,
)
from kontuar.sync.transport import Transport

ENROLLED: Final = "enrolled"
_NEXT: Final = "next"
"""The spare life's key that is being certified; a cut connection asks again with the same."""
_ENROLLING: Final = "enrolling"
"""The same of a life that a one-time code is asked for: another key, so that neither is taken for the other."""


class Lives:
    """Over a node's folder `identity`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def reason(self) -> str:
        """Why the life that runs was begun: *enrolled*, *restored* or *forked*."""
        return read_current(self._folder)[1] or ENROLLED

    def spare(self) -> NodeKeys | None:
        """The certified life that was never used; None when there is none. Raises `Refused("identity.damaged")`."""
        name = self._spare_name()
        found = load_life(self._folder / LIVES / name) if name else None
        return None if found is None else replace(found, lives=partial(other_lives, self._folder, found))

    def has_spare(self) -> bool:
        """Whether one is ready."""
        return bool(self._spare_name())

    def take_spare(self, reason: str) -> None:
        """It runs from the next start on."""
        name = self._spare_name()
        assert name, "there is a spare life"
        self._run(name, reason)

    def drop_spare(self) -> None:
        """It was used already (this folder is older than the till's own past): another one must be made."""
        (self._folder / SPARE).unlink(missing_ok=True)

    async def make_spare(
        self, running: NodeKeys, ask: Callable[[bytes], Awaitable[bytes]], *, ids: Ids, build: str
    ) -> None:
        """Have another key certified for this node, and keep it. Raises `Refused` as who is asked does."""
        folder = self._folder / _NEXT
        if load_life(folder) is None:
            await certify_life(
                folder,
                ask,
                code="",
                kind=running.certificate.kind,
                new_incarnation=ids.new_id(),
                build=build,
                secret=ids.secret,
            )
        write_whole(self._folder / SPARE, self._settle(running, _NEXT).encode())

    def spare_request(self, running: NodeKeys, *, ids: Ids, build: str) -> bytes:
        """What `make_spare` asks with; the same until it is answered."""
        request = life_request(
            self._folder / _NEXT, code="", kind=running.certificate.kind, new_incarnation=ids.new_id(), build=build,
            secret=ids.secret,
        )  # fmt: skip
        return encode(request)

    @property
    def enrolling_folder(self) -> Path:
        """Where the key of a life lies that is being certified with a code."""
        return self._folder / _ENROLLING

    def settle_enrolled(self, running: NodeKeys) -> None:
        """The life that was certified by file runs from the next start on; raises `Refused("enrol.other_node")`."""
        self._run(self._settle(running, _ENROLLING), ENROLLED)

    async def enrol_anew(self, running: NodeKeys, transport: Transport, *, code: str, ids: Ids, build: str) -> None:
        """Begin a new life by a one-time code; it runs from the next start on.

        Raises `Refused` as `enrol`, or `enrol.other_node` for another station's code.
        """
        folder = self._folder / _ENROLLING
        (folder / "identity.json").unlink(missing_ok=True)
        await enrol(
            folder,
            transport,
            code=code,
            kind=running.certificate.kind,
            new_incarnation=ids.new_id(),
            build=build,
            secret=ids.secret,
        )
        self._run(self._settle(running, _ENROLLING), ENROLLED)

    def _settle(self, running: NodeKeys, made_in: str) -> str:
        """The life that was just certified gets its place; its name."""
        made = load_life(self._folder / made_in)
        assert made is not None, "it is certified"
        mine, theirs = running.certificate, made.certificate
        if (theirs.node, theirs.kind, theirs.store) != (mine.node, mine.kind, mine.store):
            _empty(self._folder / made_in)
            raise refuse("enrol.other_node", "code", station=mine.node, other=theirs.node)
        place = self._folder / LIVES / theirs.incarnation
        place.parent.mkdir(exist_ok=True)
        (self._folder / made_in).rename(place)
        return theirs.incarnation

    def _run(self, name: str, reason: str) -> None:
        write_whole(self._folder / CURRENT, f"{name} {reason}".encode())
        if self._spare_name() in ("", name):
            (self._folder / SPARE).unlink(missing_ok=True)

    def _spare_name(self) -> str:
        """A spare that runs already (a power cut in the middle of taking it) is none."""
        file = self._folder / SPARE
        name = file.read_text("utf-8").strip() if file.exists() else ""
        return "" if name == read_current(self._folder)[0] else name


def _empty(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()
