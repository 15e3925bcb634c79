"""Backups of a till's database at the store's agent: what the two say to each other (REL-04, REL-20)."""

from typing import Annotated, Final, Protocol

import msgspec

PREFIX: Final = "backup."
OFFER: Final = "backup.offer"
PIECE: Final = "backup.piece"
UNCHANGED: Final = "backup.unchanged"
LIST: Final = "backup.list"
FETCH: Final = "backup.fetch"
PIECE_BYTES: Final = 256 * 1024
MOST_PIECE_BYTES: Final = 1024 * 1024

Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$", max_length=64)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**50)]
Life = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class BackupInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup file says of itself.

    `previous`: hash of the file that it adds its pages to, empty = it has all pages. `image`: hash over the digests of
    all pages once they are put together. `seq`: messages of the running life that the database held.
    """

    station: str
    incarnation: str
    made_at: str
    build: str
    schema: int
    page_size: Annotated[int, msgspec.Meta(ge=512, le=65536)]
    page_count: Count
    changed: Count
    previous: str
    image: Hash
    seq: Count


class OfferBackup(msgspec.Struct, frozen=True, kw_only=True):
    """A backup file is ready to be sent; `previous` as in the file, `every_minutes`: how often there may be one."""

    hash: Hash
    bytes: Count
    previous: str
    every_minutes: Count


class BackupPiece(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of an offered file from a position on."""

    hash: Hash
    start: Count
    content: bytes


class BackupUnchanged(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing changed since the file with this hash; `every_minutes` 0 = no more are made, whatever changed."""

    hash: Hash
    every_minutes: Count


class BackupTaken(msgspec.Struct, frozen=True, kw_only=True):
    """How many bytes of the file the agent has; `complete`: it was checked by its hash and is durable."""

    have: int
    complete: bool


class AskBackups(msgspec.Struct, frozen=True, kw_only=True):
    """A till asks for the backups of its own lives."""


class KeptBackup(msgspec.Struct, frozen=True, kw_only=True):
    """A backup that can be put together: with `files`, the whole one first."""

    station: str
    incarnation: str
    made_at: str
    checked_at: str
    build: str
    schema: int
    seq: int
    image_bytes: int
    image: str
    bytes: int
    files: tuple[str, ...]


class KeptBackups(msgspec.Struct, frozen=True, kw_only=True):
    """The latest of each chain of each life of a till, the newest first."""

    backups: tuple[KeptBackup, ...]


class FetchBackup(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of a file of one's own station from a position on."""

    incarnation: Life
    hash: Hash
    start: Count


class FetchedPiece(msgspec.Struct, frozen=True, kw_only=True):
    """At most `PIECE_BYTES`; nothing = the file ends there."""

    content: bytes


class BackupAge(msgspec.Struct, frozen=True, kw_only=True):
    """How old a till's last backup is, and how old the till said it may become."""

    station: str
    seconds: float
    every_minutes: int

    @property
    def late(self) -> bool:
        """Three were missed, or an hour passed, whichever is longer; a till that makes none any more is none."""
        return bool(self.every_minutes) and self.seconds > max(self.every_minutes * 180, 3600)


class BackupShelf(Protocol):
    """The agent's folder of backups. Blocks; from one thread at a time. All but `ages` and `kept` raise `Refused`."""

    def offer(self, station: str, incarnation: str, told: OfferBackup) -> BackupTaken:
        """Begin or go on; raises `backup.previous_missing` and `backup.no_room`."""
        ...

    def take(self, station: str, incarnation: str, piece: BackupPiece) -> BackupTaken:
        """Keep a piece where it fits; raises `backup.not_offered`, `backup.damaged` and `backup.no_room`."""
        ...

    def unchanged(self, station: str, incarnation: str, told: BackupUnchanged) -> BackupTaken:
        """The latest is as good as new, or the last; raises `backup.previous_missing`."""
        ...

    def kept(self, station: str = "") -> tuple[KeptBackup, ...]:
        """The latest of each chain of each till, or of one till; the newest first."""
        ...

    def piece(self, station: str, asked: FetchBackup) -> bytes:
        """Raises `backup.unknown`."""
        ...

    def ages(self) -> tuple[BackupAge, ...]:
        """Of the latest life of each till."""
        ...
