"""Tills' backups: taken in and given back by the agent of the store; all other questions go on."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import msgspec

from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.operations.ports.backups import (
    FETCH,
    LIST,
    MOST_PIECE_BYTES,
    OFFER,
    PIECE,
    PREFIX,
    UNCHANGED,
    AskBackups,
    BackupPiece,
    BackupShelf,
    BackupUnchanged,
    FetchBackup,
    FetchedPiece,
    KeptBackups,
    OfferBackup,
)
from kontuar.operations.ports.sync import Answerer, NodeIdentity

_Answers = dict[str, tuple[type[msgspec.Struct], Callable[[NodeIdentity, Any], msgspec.Struct]]]
_DISK: Final = "backup.disk_fails"


class BackupAnswerer:
    """Implements `operations.ports.sync.Answerer` for stations of the agent's own store, beside its database."""

    def __init__(self, shelf: BackupShelf, beyond: Answerer) -> None:
        self._shelf = shelf
        self._beyond = beyond
        self._one_at_a_time = asyncio.Lock()
        self._answers: _Answers = {
            OFFER: (OfferBackup, lambda who, told: shelf.offer(who.node, who.incarnation, told)),
            PIECE: (BackupPiece, self._take),
            UNCHANGED: (BackupUnchanged, lambda who, told: shelf.unchanged(who.node, who.incarnation, told)),
            LIST: (AskBackups, lambda who, _: KeptBackups(backups=shelf.kept(who.node))),
            FETCH: (FetchBackup, lambda who, asked: FetchedPiece(content=shelf.piece(who.node, asked))),
        }

    async def __call__(self, asker: NodeIdentity, question: str, body: bytes) -> tuple[tuple[Problem, ...], bytes]:
        """(problems, canonical JSON)."""
        if not question.startswith(PREFIX):
            return await self._beyond(asker, question, body)
        try:
            known = self._answers.get(question)
            if known is None or asker.kind != "station":
                raise refuse("question.unknown", question=question[:60])
            shape, answer = known
            asked = decode(body, shape)
            async with self._one_at_a_time:
                return (), encode(await asyncio.to_thread(answer, asker, asked))
        except Refused as refusal:
            return refusal.problems, b"{}"
        except msgspec.DecodeError:
            return (Problem("question.unreadable"),), b"{}"
        except OSError as failure:
            return (Problem(_DISK, "", {"reason": type(failure).__name__}),), b"{}"

    def _take(self, asker: NodeIdentity, piece: BackupPiece) -> msgspec.Struct:
        if len(piece.content) > MOST_PIECE_BYTES:
            raise refuse("backup.damaged", reason="length of a piece")
        return self._shelf.take(asker.node, asker.incarnation, piece)
