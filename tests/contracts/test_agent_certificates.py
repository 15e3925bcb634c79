"""What an agent keeps of its store's certificates, and what it tells a hub that lost some (SEC-02, REL-13)."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from kontuar.kernel.canonical import encode, row_checksum
from kontuar.operations.hub.certificates import KIND, CertificateRow
from kontuar.storage.sqlite.agent.books import AgentBooks
from sync_chain import STORE, TestClock, keys_for


def row(node: str, life: str = "i1", ordinal: int = 1, **changes: str) -> CertificateRow:
    signed = keys_for(node, "station", life, ordinal=ordinal).signed
    return CertificateRow(certificate=signed.certificate, signature=signed.signature, **changes)


@pytest.fixture
def books(tmp_path: Path) -> Iterator[AgentBooks]:
    opened = AgentBooks(tmp_path / "agent.db", tmp_path / "snapshots", STORE, TestClock(), "e1")
    yield opened
    opened.database.close()


def define(books: AgentBooks, rows: dict[str, CertificateRow], epoch: str) -> None:
    """Head office's definitions as they are now, and what the agent does with them."""
    bodies = {key: encode(row) for key, row in rows.items()}
    checksum = sum(row_checksum(KIND, key, body) for key, body in bodies.items()) % 2**64
    books.definitions.replace_all([(KIND, key, 1, body) for key, body in bodies.items()], epoch, 1, checksum)
    books.certificates.keep_defined([body for _, body in books.definitions.of_kind(KIND)])


def test_nothing_is_told_as_long_as_head_office_knows_everything(books: AgentBooks) -> None:
    """The frames stay as small as they were."""
    define(books, {"T1|i1": row("T1"), "T1|i2": row("T1", "i2", 2, certified_by="i1")}, "h1")
    assert books.certificates.lives(False, 40) == []


def test_rows_of_an_older_hub_are_kept_as_they_came(books: AgentBooks) -> None:
    """REL-16: it wrote fewer fields; that is no reason to tell it its own rows for ever."""
    signed = row("T1")
    older = encode({"certificate": signed.certificate, "signature": signed.signature, "revoked_at": ""})
    books.definitions.replace_all([(KIND, "T1|i1", 1, older)], "h1", 1, row_checksum(KIND, "T1|i1", older) % 2**64)
    books.certificates.keep([signed])
    for _ in range(2):
        books.certificates.keep_defined([body for _, body in books.definitions.of_kind(KIND)])
    assert books.certificates.lives(False, 40) == []
    assert books.certificates.every() == [signed]


def test_what_a_restored_hub_lacks_is_told_until_it_knows_it_again(books: AgentBooks) -> None:
    """SEC-02, REL-13: what came down once, and what a till told itself."""
    spare = row("T1", "i2", 2, certified_by="i1")
    define(books, {"T1|i1": row("T1"), "T1|i2": spare}, "h1")
    books.certificates.keep([row("T9"), row("T1")])
    define(books, {"T1|i1": row("T1")}, "h2")
    assert books.certificates.lives(False, 40) == [spare, row("T9")]
    assert books.certificates.lives(True, 40) == [spare, row("T9"), row("T1")]
    assert books.certificates.lives(True, 1) == [spare], "what is lacking comes first"
    define(books, {"T1|i1": row("T1"), "T1|i2": spare, "T9|i1": row("T9")}, "h3")
    assert books.certificates.lives(False, 40) == []


def test_what_was_revoked_once_stays_revoked_and_is_told(books: AgentBooks) -> None:
    """SEC-02: the backup is older than the theft."""
    stolen = row("T1", revoked_at="2026-03-02T08:00:00.000000Z")
    define(books, {"T1|i1": row("T1")}, "h1")
    define(books, {"T1|i1": stolen}, "h1")
    define(books, {"T1|i1": row("T1")}, "h2")
    assert books.certificates.lives(False, 40) == [stolen]
    later = msgspec.structs.replace(stolen, revoked_at="2026-03-02T09:00:00.000000Z")
    define(books, {"T1|i1": later}, "h3")
    assert (books.certificates.lives(False, 40), books.certificates.every()) == ([], [later])


def test_what_a_till_tells_does_not_overwrite_what_head_office_told(books: AgentBooks) -> None:
    """A till does not know that it was revoked."""
    stolen = row("T1", revoked_at="2026-03-02T08:00:00.000000Z")
    define(books, {"T1|i1": stolen}, "h1")
    books.certificates.keep([row("T1")])
    assert books.certificates.every() == [stolen]
