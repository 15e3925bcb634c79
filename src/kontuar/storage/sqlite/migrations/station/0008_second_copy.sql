-- Documents whose issue waits for a second copy, and those that were issued without one (REL-21). `missing`: why there
-- was none when it was issued, *away* or *late*; empty = there was one, or it is still waited for.
CREATE TABLE second_copy (
    incarnation TEXT NOT NULL, seq INTEGER NOT NULL, doc_id TEXT NOT NULL UNIQUE, seconds INTEGER NOT NULL,
    missing TEXT NOT NULL DEFAULT '', issued INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (incarnation, seq)
) WITHOUT ROWID, STRICT;
