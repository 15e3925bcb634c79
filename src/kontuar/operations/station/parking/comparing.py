"""Differing versions of a parked document side by side, for a person who keeps one of them or both (PARK-15)."""

from collections.abc import Sequence
from typing import Final

import msgspec

from kontuar.domain.documents.comparing import ComparedLine, compared_lines
from kontuar.domain.documents.document import Document
from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.errors import refuse
from kontuar.operations.actor import Actor
from kontuar.operations.ports.parking import Looked, LookParked
from kontuar.operations.station.parking.continuing import read_document
from kontuar.operations.station.parking.listing import ListedParked, versions_of
from kontuar.operations.station.station import Station

LOOK: Final = "parking.look"


class ComparedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version as the list shows it, with its content; None = it is not on this till and nobody tells it now."""

    listed: ListedParked
    document: Document | None = None


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """All versions, the first one first. `lines`: of those whose content is known, a cell for each of these."""

    versions: tuple[ComparedVersion, ...]
    lines: tuple[ComparedLine, ...]

    @property
    def known(self) -> tuple[Document, ...]:
        """The contents that the cells of `lines` are about."""
        return tuple(one.document for one in self.versions if one.document is not None)


def begun(station: Station, actor: Actor, doc_id: str) -> Sequence[ComparedVersion]:
    """The versions with what this station holds of them itself.

    Raises `Refused("parking.not_found")`, and `Refused("parking.one_version")` where there is nothing to compare.
    """
    versions = versions_of(station, actor, doc_id)
    if doc_id not in {one.row.doc_id for one in versions}:
        raise refuse("parking.not_found", doc_id=doc_id[:64])
    if len(versions) < 2:
        raise refuse("parking.one_version")
    return [ComparedVersion(listed=one, document=_held_here(station, one)) for one in versions]


def question(version: ComparedVersion) -> bytes:
    """What the agent is asked for a content that is not here."""
    return encode(LookParked(doc_id=version.listed.row.doc_id))


def looked(station: Station, version: ComparedVersion, answer: bytes) -> ComparedVersion:
    """With the agent's answer; raises `Refused("parking.unreadable")`."""
    try:
        given = decode(answer, Looked)
    except msgspec.DecodeError:
        raise refuse("parking.unreadable") from None
    listed = msgspec.structs.replace(version.listed, row=given.row)
    return ComparedVersion(listed=listed, document=read_document(station, bytes(given.document)))


def compared(versions: Sequence[ComparedVersion]) -> Comparison:
    """The versions with their lines beside one another."""
    known = [one.document for one in versions if one.document is not None]
    return Comparison(versions=tuple(versions), lines=compared_lines(known))


def _held_here(station: Station, one: ListedParked) -> Document | None:
    """The draft that is open here; else the bytes held here, if they are those that the list shows."""
    if one.condition == "here":
        return station.books.drafts.load(one.row.doc_id)
    held = station.books.parking.find(one.row.doc_id)
    if held is None or not held.body or not (held.own or held.version == one.row.version):
        return None
    return read_document(station, held.body)
