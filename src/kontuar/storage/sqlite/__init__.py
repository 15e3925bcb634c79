"""SQLite of stations and agents: one writer, WAL, FULL, page checksums."""
