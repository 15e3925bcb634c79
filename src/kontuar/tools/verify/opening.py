"""Opening the books of a node to look at them, whether it runs or not; nothing is written."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kontuar.kernel.canonical import decode
from kontuar.nodes import agent, hub, station
from kontuar.operations.ports.hub_documents import SealCheck
from kontuar.operations.ports.proofs import ProofShelf
from kontuar.storage.failures import StorageFailure
from kontuar.storage.postgres.embedded import EmbeddedPostgres, EmbeddedPostgresError, running_url
from kontuar.storage.postgres.engine import HubDatabase
from kontuar.storage.postgres.proving import PostgresProofShelf
from kontuar.storage.sqlite.agent.books import MIGRATIONS as OF_AGENTS
from kontuar.storage.sqlite.agent.proving import AgentProofShelf
from kontuar.storage.sqlite.proving import StationProofShelf
from kontuar.storage.sqlite.station.books import MIGRATIONS as OF_STATIONS
from kontuar.sync.identity import KeptIdentity, certificates_in
from kontuar.sync.keyring import CertifiedKeys, fault_of_seal

_URLS: Final = ("postgresql://", "postgres://")
_POSTGRES: Final = "postgres"


class Unreadable(Exception):
    """These books cannot be looked at; the text says why, for a person."""


@dataclass(slots=True)
class OpenBooks:
    """`seal` None: nobody's key is known here, signatures stay unchecked."""

    target: str
    shelf: ProofShelf
    seal: SealCheck | None


@contextmanager
def opened(target: str) -> Iterator[OpenBooks]:
    """The books in a data folder, or of a hub by the URL of its database. Raises `Unreadable`."""
    shown = "the hub's database" if target.startswith(_URLS) else target  # a URL may hold a password
    try:
        if target.startswith(_URLS):
            with _hub(target, None, shown) as books:
                yield books
            return
        folder = Path(target)
        if (folder / station.DATABASE_FILE).exists():
            with _sqlite(target, StationProofShelf(folder / station.DATABASE_FILE, OF_STATIONS)) as books:
                yield books
        elif (folder / agent.DATABASE_FILE).exists():
            with _sqlite(target, AgentProofShelf(folder / agent.DATABASE_FILE, OF_AGENTS)) as books:
                yield books
        elif (folder / _POSTGRES / "cluster" / "PG_VERSION").exists():
            with _server(folder / _POSTGRES) as url, _hub(url, folder / hub.KEY_FILE, target) as books:
                yield books
        else:
            raise Unreadable(f"{target}: neither a station's, an agent's nor a hub's data folder")
    except StorageFailure as failure:
        raise Unreadable(f"{shown}: {failure.code}: {' '.join(str(failure).split())}") from failure
    except EmbeddedPostgresError as failure:
        raise Unreadable(f"{shown}: {failure}") from failure


@contextmanager
def _sqlite(target: str, shelf: StationProofShelf | AgentProofShelf) -> Iterator[OpenBooks]:
    try:
        yield OpenBooks(target, shelf, _seal_beside(Path(target), shelf.certificates))
    finally:
        shelf.close()


def _seal_beside(folder: Path, certificates: Callable[[], list[bytes]]) -> SealCheck | None:
    """With the hub's key that the node was enrolled with; none where it never was, as in a backup."""
    identity = folder / station.IDENTITY_FOLDER
    file = identity / "identity.json"
    if not file.exists():
        return None
    try:
        kept = decode(file.read_bytes(), KeptIdentity)
        own = (signed for signed, _ in certificates_in(identity))
        keys = CertifiedKeys(bytes.fromhex(kept.hub_key), [*kept.others, *own])
    except (msgspec.DecodeError, ValueError) as error:
        raise Unreadable(f"{file}: {error}") from None
    keys.take_rows(certificates())
    return lambda stream, message: fault_of_seal(keys, stream, message)


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """The running one of the hub, else one of our own for as long as we look."""
    url = running_url(folder)
    if url:
        yield url
    else:
        with EmbeddedPostgres(folder) as own:
            yield own


@contextmanager
def _hub(url: str, key_file: Path | None, target: str) -> Iterator[OpenBooks]:
    database = HubDatabase(url, name="kontuar verify")
    try:
        shelf = PostgresProofShelf(database)
        with shelf.reading():
            rows = shelf.certificates()
        keys = CertifiedKeys(_hub_key(key_file, rows))
        for _, certificate, signature in rows:
            keys.learn(certificate, signature)
        yield OpenBooks(target, shelf, lambda stream, message: fault_of_seal(keys, stream, message))
    finally:
        database.close()


def _hub_key(key_file: Path | None, rows: list[tuple[str, str, str]]) -> bytes:
    """The key beside the database; with only a URL, the one that the database itself names."""
    if key_file is not None and key_file.exists():
        return Ed25519PrivateKey.from_private_bytes(key_file.read_bytes()).public_key().public_bytes_raw()
    named = [msgspec.json.decode(text, type=dict[str, object])["public_key"] for kind, text, _ in rows if kind == "hub"]
    return bytes.fromhex(str(named[-1])) if named else bytes(32)
