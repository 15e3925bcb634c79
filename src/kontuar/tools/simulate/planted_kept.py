"""Planted faults: what is let go of, compared, backed up, and copied before it is issued."""

import hashlib
import itertools
from collections.abc import Iterable
from typing import Any

import msgspec

from kontuar.domain.documents import parking as parking_rules
from kontuar.nodes.digest_desk import DigestDesk
from kontuar.operations import digests, pruning
from kontuar.storage import backup_files
from kontuar.storage.backup_files import BackupWriter
from kontuar.storage.sqlite.station.pruning import StationPruning
from kontuar.sync.second_copy import AgentCopy
from kontuar.tools.simulate.planted import Change, Faults

fault = Faults()


# -- letting go -------------------------------------------------------------------------------------------------
@fault("a till lets go of what head office does not have yet", "REL-17")
def pruned_before_held() -> Iterable[Change]:
    real = StationPruning.lives

    def lives(self: Any) -> Any:
        head = "SELECT max(seq) FROM message WHERE incarnation = ?"
        found = [(life, self._database.value(head, (life.stream.incarnation,)) or 0) for life in real(self)]
        return [msgspec.structs.replace(life, final=most - 1, signed=most - 1) for life, most in found]

    return [
        (StationPruning, "lives", lives), (StationPruning, "final_on", lambda *_: 10**9),
        (StationPruning, "may_go", lambda _, life, most, before: most),  # noqa: ARG005 - the port's shape
        (StationPruning, "next_cut", lambda _, life, most: most),  # noqa: ARG005
    ]  # fmt: skip


@fault("a till lets go of what drafts, invoices, cancellations and people still need", "REL-17")
def pruned_although_needed() -> Iterable[Change]:
    return [(StationPruning, "may_go", lambda _, life, most, before: most)]  # noqa: ARG005 - the port's shape


@fault("a till lets go up to the middle of a shift", "REL-17")
def pruned_within_a_shift() -> Iterable[Change]:
    def next_cut(self: Any, life: Any, most: int) -> int:  # noqa: ARG001 - the port's shape
        return most - 1

    return [(StationPruning, "next_cut", next_cut), (StationPruning, "_cuts", lambda _, life, most: [most])]  # noqa: ARG005


@fault("what was written today is let go of", "REL-17")
def pruned_without_limit() -> Iterable[Change]:
    return [(pruning.Limits, "before", lambda *_: "9999"), (pruning.Limits, "final_by", lambda *_: "9999")]


# -- comparing --------------------------------------------------------------------------------------------------
@fault("messages are never compared", "REL-18")
def never_compared() -> Iterable[Change]:
    async def compare(*_: Any, **__: Any) -> None:
        """Nobody looks."""

    return [(DigestDesk, "compare", compare)]


@fault("a digest is made of what stands beside a message instead of its bytes", "REL-18")
def digest_of_hashes() -> Iterable[Change]:
    return [(digests, "message_digest", lambda message: hashlib.sha256(message.hash).hexdigest())]


# -- backups and second copies --------------------------------------------------------------------------------------
@fault("a changed page is left out of a backup", "REL-20")
def backup_leaves_out() -> Iterable[Change]:
    real, counter = BackupWriter.add, itertools.count(1)

    def add(self: Any, pages: Any) -> None:
        before = len(self._batch)
        real(self, pages)
        if len(self._batch) >= before + 4 and not next(counter) % 3:
            del self._batch[-2:]

    return [(BackupWriter, "add", add)]


@fault("a backup is put together without looking whether it is what it was", "REL-20")
def broken_backup_taken() -> Iterable[Change]:
    return [*backup_leaves_out(), (backup_files, "image_hash", lambda _: _Same())]


class _Same(str):
    """As whatever it is compared with."""

    __slots__ = ()

    def __ne__(self, other: object) -> bool:
        return False


@fault("a receipt comes out before its second copy is there", "REL-21")
def printed_before_copy() -> Iterable[Change]:
    async def wait(*_: Any) -> str:
        return "held"

    return [(AgentCopy, "wait", wait)]


@fault("a document whose lease ran out keeps its identity for whoever opens it next", "REL-11")
def lapsed_uncontested() -> Iterable[Change]:
    return [(parking_rules, "is_contested", lambda parked, _: bool(parked.taken_over))]
