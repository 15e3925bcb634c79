"""Documents: one record, one life-cycle mechanism, a table per type."""
