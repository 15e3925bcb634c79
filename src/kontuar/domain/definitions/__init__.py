"""All kinds of definitions in one table: record, key, references, scope."""
