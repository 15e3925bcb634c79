"""PostgreSQL at the hub, embedded or given by a URL."""
