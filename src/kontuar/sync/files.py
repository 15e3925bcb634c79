"""Files that are there whole or not at all, also across a power cut."""

import os
from pathlib import Path


def write_whole(file: Path, content: bytes) -> None:
    """Written beside, synced, renamed, and the folder synced; only its owner reads it. Raises `OSError`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f"{file.name}.new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    unfinished.rename(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
