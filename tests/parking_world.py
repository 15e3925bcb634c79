"""A store's buffer of parked documents over a real agent database, and tills that know what they hold."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from kontuar.domain.documents.messages import Message
from kontuar.domain.documents.parking import ParkedRow
from kontuar.domain.firm.records import NumberingRule
from kontuar.kernel.canonical import CHAIN_START, chain_hash, encode, row_checksum
from kontuar.kernel.errors import Refused
from kontuar.kernel.time import instant_text
from kontuar.operations.agent.parking_arrivals import offer, take_in
from kontuar.operations.agent.parking_buffer import ParkingBuffer
from kontuar.operations.agent.parking_numbers import prefixes_in
from kontuar.operations.incoming import receive
from kontuar.operations.ports.parking import (
    ApprovedDraft,
    HoldParked,
    Leased,
    Offered,
    OfferParked,
    Opened,
    OpenParked,
    ParkedNews,
    Saved,
    SaveParked,
)
from kontuar.operations.ports.streams import START, Acknowledgement, Batch, SealedMessage, StreamId
from kontuar.operations.ports.sync import FeedCursor
from kontuar.storage.sqlite.agent.books import AgentBooks
from sync_chain import NOW, STORE, TestClock


def body(doc_id: str, text: str = "") -> bytes:
    """As much of a draft as the buffer looks at."""
    return encode({"doc_id": doc_id, "text": text, "parked": None})


class Buffer:
    """The agent's parking with its clock; every question in few words."""

    def __init__(self, folder: Path, clock: TestClock | None = None, epoch: str = "first") -> None:
        self.folder = folder
        self.clock = clock or TestClock()
        self.epoch = epoch
        self.start()

    def start(self) -> None:
        """The process begins over what the files hold."""
        self.books = AgentBooks(self.folder / "agent.db", self.folder / "snapshots", STORE, self.clock, self.epoch)
        self.desk = ParkingBuffer(
            self.books.parking, self.clock, prefix_of=prefixes_in(self.books.definitions),
            new_epoch=lambda: f"restored at {self.clock.seconds}",
        )  # fmt: skip

    def stop(self) -> None:
        self.books.database.close()

    def restart(self) -> None:
        self.stop()
        self.start()

    def backup(self, folder: Path) -> Path:
        """A copy of the files as they are now."""
        self.books.database.checkpoint(truncate=True)
        return Path(shutil.copytree(self.folder, folder))

    def number_with(self, prefix: str) -> None:
        """Head office defines temporary numbers for receipts."""
        rule = encode(NumberingRule(document_type="receipt", pattern="x", parked_prefix=prefix))
        checksum = row_checksum("numbering", "receipt", rule)
        self.books.definitions.replace_all([("numbering", "receipt", 1, rule)], "d1", 1, checksum)

    # -- questions ----------------------------------------------------------------------------------------
    def open(self, station: str, doc_id: str = "D", *, take_over: bool = False) -> Opened:
        return self.desk.open(station, OpenParked(doc_id=doc_id, by=f"by {station}", take_over=take_over))

    def save(
        self, station: str, text: str, version: int = 0, token: int = 0, *, doc_id: str = "D", keep: bool = False,
        as_copy: bool = False, row: ParkedRow | None = None,
    ) -> Saved:  # fmt: skip
        return self.desk.save(
            station, self.asked(station, text, version, token, doc_id=doc_id, keep=keep, as_copy=as_copy, row=row)
        )

    def asked(
        self, station: str, text: str, version: int, token: int = 0, *, doc_id: str = "D", keep: bool = False,
        as_copy: bool = False, row: ParkedRow | None = None,
    ) -> SaveParked:  # fmt: skip
        shown = row or ParkedRow(
            doc_id=doc_id, version=version, type="receipt", ean="", station=station, gross=100,
            modified_at=instant_text(self.clock.now()), modified_by=f"by {station}",
        )  # fmt: skip
        return SaveParked(
            doc_id=doc_id, version=version, token=token, by=f"by {station}", keep_lease=keep, as_copy=as_copy,
            document=msgspec.Raw(body(doc_id, text)), row=shown,
        )  # fmt: skip

    def renew(self, station: str, token: int, doc_id: str = "D") -> Leased:
        return self.desk.renew(station, HoldParked(doc_id=doc_id, token=token, by=""))

    def approving(self, station: str, token: int, doc_id: str = "D") -> Leased:
        return self.desk.approving(station, HoldParked(doc_id=doc_id, token=token, by=""))

    def release(self, station: str, token: int, doc_id: str = "D") -> None:
        self.desk.release(station, HoldParked(doc_id=doc_id, token=token, by=""))

    def delete(self, station: str, token: int, doc_id: str = "D") -> None:
        self.desk.delete(station, HoldParked(doc_id=doc_id, token=token, by=""))

    def offer(
        self, station: str, *copies: SaveParked, highest: int = 0, approved: Sequence[ApprovedDraft] = ()
    ) -> Offered:
        return offer(self.desk, station, OfferParked(copies=copies, highest_token=highest, approved=tuple(approved)))

    def fates(self, station: str, *copies: SaveParked) -> list[str]:
        return [fate.fate for fate in self.offer(station, *copies).fates]

    def wait(self, seconds: float) -> bool:
        """Time passes; whether a lease ran out."""
        self.clock.seconds += seconds
        return self.desk.expire()

    # -- messages -----------------------------------------------------------------------------------------
    def push(self, station: str, *bodies: msgspec.Struct | dict[str, object], kind: str = "receipt.approved/1"):  # type: ignore[no-untyped-def]
        """New messages of a station's stream arrive."""
        stream = StreamId(station, "i1")
        held = self.books.log.state(stream).held
        previous = bytes.fromhex(held.hash) if held.seq else CHAIN_START
        first, messages = previous, []
        for seq, content in enumerate(bodies, held.seq + 1):
            doc_id = content["doc_id"] if isinstance(content, dict) else f"M{seq}"
            payload = encode(
                Message(kind=kind, origin=station, incarnation="i1", seq=seq, store=STORE, message_id=str(doc_id),
                        at=NOW, by="ANNA", body=msgspec.Raw(encode(content)))
            )  # fmt: skip
            previous = chain_hash(previous, payload)
            messages.append(SealedMessage(seq, payload, previous, bytes(64)))
        batch = Batch(
            stream=stream, store=STORE, sender=station, first=held.seq + 1, previous_hash=first,
            messages=tuple(messages), claim=START,
        )  # fmt: skip
        return self.take(batch)

    def take(self, batch: Batch) -> Acknowledgement:
        return receive(
            batch, self.books.log, receiver="agent@S1", epoch="e1", is_hub=False,
            taken=lambda *news: take_in(self.desk, *news),
        )  # fmt: skip

    # -- what there is ------------------------------------------------------------------------------------
    def listed(self) -> dict[str, ParkedRow]:
        return {row.doc_id: row for row in self.books.parking.rows()}

    def row(self, doc_id: str = "D") -> ParkedRow:
        return self.listed()[doc_id]

    def text(self, doc_id: str = "D") -> str:
        return str(msgspec.json.decode(self.books.parking.body(doc_id))["text"])

    def base(self, doc_id: str = "D") -> int:
        """The version that its last save began with."""
        parked = self.books.parking.find(doc_id)
        assert parked is not None
        return parked.base

    def texts(self) -> list[str]:
        return sorted(self.text(doc_id) for doc_id in self.listed())

    def news(self, epoch: str = "", version: int = 0) -> ParkedNews:
        return self.desk.news_since(FeedCursor(epoch, version))


def approved(doc_id: str, version: int | None = None, *, of: str = "", number: str = "PAR/1", token: int = 1) -> dict:  # type: ignore[type-arg]
    """The body of an approval: of the parked document itself, or linked *approved from* another."""
    origin = None if version is None else {"doc_id": of or doc_id, "version": version, "token": token}
    links = [{"kind": "approved_from", "doc_id": of, "number": ""}] if of else []
    return {"doc_id": doc_id, "number": number, "parked": origin, "links": links}


def refusal(call: object, *arguments: object, **named: object) -> tuple[str, dict[str, str]]:
    """(code, facts) of the refusal that a question is answered with."""
    with pytest.raises(Refused) as refused:
        call(*arguments, **named)  # type: ignore[operator]
    (problem,) = refused.value.problems
    return problem.code, dict(problem.facts)
