"""SQL, row mapping and migrations: SQLite on stations and agents, PostgreSQL at the hub."""
