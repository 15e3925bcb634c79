-- An agent: its store's streams as bytes, the definitions it passes on, what the hub confirmed, the store's stock.

CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;

-- definitions: `version` is the hub's, `feed_version` that of the switch which brought the row here;
-- a row without body was removed ------------------------------------------------------------------------------
CREATE TABLE definition (
    kind TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, feed_version INTEGER NOT NULL, body BLOB,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID, STRICT;
CREATE INDEX definition_by_feed ON definition (feed_version);

-- streams of the store's stations -------------------------------------------------------------------------------
CREATE TABLE stream (
    origin TEXT NOT NULL, incarnation TEXT NOT NULL, store TEXT NOT NULL,
    held_seq INTEGER NOT NULL, held_hash BLOB NOT NULL, hub_seq INTEGER NOT NULL, hub_hash BLOB NOT NULL,
    closed INTEGER NOT NULL DEFAULT 0, stopped TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (origin, incarnation)
) WITHOUT ROWID, STRICT;
CREATE TABLE message (
    origin TEXT NOT NULL, incarnation TEXT NOT NULL, seq INTEGER NOT NULL, message_id TEXT NOT NULL,
    payload BLOB NOT NULL, hash BLOB NOT NULL, signature BLOB NOT NULL,
    PRIMARY KEY (origin, incarnation, seq)
) WITHOUT ROWID, STRICT;
CREATE INDEX message_by_id ON message (message_id);
CREATE TABLE parked (
    origin TEXT NOT NULL, incarnation TEXT NOT NULL, seq INTEGER NOT NULL, message_id TEXT NOT NULL,
    reason TEXT NOT NULL, PRIMARY KEY (origin, incarnation, seq)
) WITHOUT ROWID, STRICT;
CREATE TABLE forked_message (
    origin TEXT NOT NULL, incarnation TEXT NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL,
    payload BLOB NOT NULL, signature BLOB NOT NULL, PRIMARY KEY (origin, incarnation, seq, hash)
) WITHOUT ROWID, STRICT;
CREATE TABLE unreadable_frame (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, reason TEXT NOT NULL, size INTEGER NOT NULL, bytes BLOB NOT NULL
) STRICT;
CREATE TABLE node_contact (
    node TEXT PRIMARY KEY, build TEXT NOT NULL, seen_at TEXT NOT NULL
) WITHOUT ROWID, STRICT;

-- what the hub decided --------------------------------------------------------------------------------------------
CREATE TABLE confirmation (
    doc_id TEXT PRIMARY KEY, origin TEXT NOT NULL, incarnation TEXT NOT NULL, seq INTEGER NOT NULL,
    state TEXT NOT NULL, gid TEXT NOT NULL, reason TEXT NOT NULL, version INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
CREATE INDEX confirmation_by_origin ON confirmation (origin, version);

-- stock: the hub's figures, the streams' moves past them, and the version each figure changed with ------------------
CREATE TABLE stock_move (
    doc_id TEXT NOT NULL, line INTEGER NOT NULL, effect TEXT NOT NULL, article TEXT NOT NULL,
    from_place TEXT NOT NULL, to_place TEXT NOT NULL, quantity_e4 INTEGER NOT NULL,
    PRIMARY KEY (doc_id, line, effect)
) WITHOUT ROWID, STRICT;
CREATE TABLE stock_base (
    warehouse TEXT NOT NULL, article TEXT NOT NULL, quantity_e4 INTEGER NOT NULL, PRIMARY KEY (warehouse, article)
) WITHOUT ROWID, STRICT;
CREATE TABLE stock_pending (
    article TEXT NOT NULL, warehouse TEXT NOT NULL, origin TEXT NOT NULL, incarnation TEXT NOT NULL,
    seq INTEGER NOT NULL, quantity_e4 INTEGER NOT NULL,
    PRIMARY KEY (article, warehouse, origin, incarnation, seq)
) WITHOUT ROWID, STRICT;
CREATE INDEX stock_pending_by_position ON stock_pending (origin, incarnation, seq);
CREATE TABLE stock_covered (
    origin TEXT NOT NULL, incarnation TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (origin, incarnation)
) WITHOUT ROWID, STRICT;
CREATE TABLE stock_change (
    warehouse TEXT NOT NULL, article TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (warehouse, article)
) WITHOUT ROWID, STRICT;
CREATE INDEX stock_change_by_version ON stock_change (version);

-- what was written stays ------------------------------------------------------------------------------------------
CREATE TRIGGER message_stays BEFORE UPDATE ON message BEGIN SELECT raise(ABORT, 'message is append-only'); END;
CREATE TRIGGER message_is_kept BEFORE DELETE ON message BEGIN SELECT raise(ABORT, 'message is append-only'); END;
CREATE TRIGGER stock_move_stays BEFORE UPDATE ON stock_move BEGIN SELECT raise(ABORT, 'stock_move is append-only'); END;
CREATE TRIGGER stock_move_is_kept BEFORE DELETE ON stock_move BEGIN SELECT raise(ABORT, 'stock_move is append-only'); END;
CREATE TRIGGER fork_stays BEFORE UPDATE ON forked_message BEGIN SELECT raise(ABORT, 'forked_message is append-only'); END;
CREATE TRIGGER fork_is_kept BEFORE DELETE ON forked_message BEGIN SELECT raise(ABORT, 'forked_message is append-only'); END;
