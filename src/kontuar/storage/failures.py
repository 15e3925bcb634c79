"""How a database fails, the same for SQLite and PostgreSQL (REL-19). None of these is a rule that says no."""


class StorageFailure(Exception):
    """The database did not do what was asked; nothing was written. The text is for the log, not for people."""

    code = "storage.unavailable"


class StorageUnavailable(StorageFailure):
    """The database is away (stopped, cut off, shutting down); it may come back by itself."""


class StorageFull(StorageFailure):
    """There is no room left to write; reading still works."""

    code = "storage.full"


class StorageDamaged(StorageFailure):
    """What is stored cannot be trusted; a person has to look at it."""

    code = "storage.damaged"
