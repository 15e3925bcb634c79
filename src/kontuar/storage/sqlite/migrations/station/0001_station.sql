-- A station: definitions it was sent, its own documents, its stream, its cash and its view of the store's stock.

CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;

-- definitions (one generic table; lookups by key prefix) ---------------------------------------------------
CREATE TABLE definition (
    kind TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID, STRICT;
CREATE TABLE article_code (
    code TEXT NOT NULL, article TEXT NOT NULL, unit TEXT NOT NULL, PRIMARY KEY (code, article, unit)
) WITHOUT ROWID, STRICT;
CREATE INDEX article_code_by_article ON article_code (article);
CREATE TABLE listing (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, parent TEXT NOT NULL, active INTEGER NOT NULL,
    sort_key TEXT NOT NULL, UNIQUE (kind, key)
) STRICT;
CREATE INDEX listing_in_order ON listing (kind, active, sort_key, key);
CREATE INDEX listing_by_parent ON listing (kind, parent, active, sort_key, key);
CREATE VIRTUAL TABLE listing_words USING fts5 (words, content = '', contentless_delete = 1, prefix = '2 3 4');

-- drafts ------------------------------------------------------------------------------------------------------
CREATE TABLE draft (
    doc_id TEXT PRIMARY KEY, type TEXT NOT NULL, updated_at TEXT NOT NULL, body BLOB NOT NULL
) WITHOUT ROWID, STRICT;

-- the stream --------------------------------------------------------------------------------------------------
CREATE TABLE message (
    incarnation TEXT NOT NULL, seq INTEGER NOT NULL, message_id TEXT NOT NULL, kind TEXT NOT NULL,
    payload BLOB NOT NULL, hash BLOB NOT NULL, signature BLOB NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (incarnation, seq)
) WITHOUT ROWID, STRICT;
CREATE INDEX message_by_id ON message (message_id);
CREATE TABLE uplink (
    incarnation TEXT PRIMARY KEY, held_seq INTEGER NOT NULL, held_hash BLOB NOT NULL,
    final_seq INTEGER NOT NULL, final_hash BLOB NOT NULL, forked INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID, STRICT;
CREATE TABLE confirmation (
    doc_id TEXT PRIMARY KEY, state TEXT NOT NULL, gid TEXT NOT NULL, reason TEXT NOT NULL
) WITHOUT ROWID, STRICT;

-- documents ---------------------------------------------------------------------------------------------------
CREATE TABLE number_series (
    type TEXT NOT NULL, series TEXT NOT NULL, period TEXT NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (type, series, period)
) WITHOUT ROWID, STRICT;
CREATE TABLE document (
    id INTEGER PRIMARY KEY, doc_id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, family TEXT NOT NULL,
    number TEXT NOT NULL UNIQUE, state TEXT NOT NULL, fiscal TEXT NOT NULL DEFAULT '', fiscal_number TEXT NOT NULL DEFAULT '',
    incarnation TEXT NOT NULL, seq INTEGER NOT NULL, business_day TEXT NOT NULL, approved_at TEXT NOT NULL,
    created_at TEXT NOT NULL, operator TEXT NOT NULL, handler TEXT NOT NULL, buyer TEXT NOT NULL,
    buyer_name TEXT NOT NULL, currency TEXT NOT NULL, net INTEGER NOT NULL, tax INTEGER NOT NULL,
    gross INTEGER NOT NULL, paid INTEGER NOT NULL, payment_forms TEXT NOT NULL, shift_id TEXT NOT NULL,
    line_count INTEGER NOT NULL, prints INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX document_newest ON document (family, id);
CREATE INDEX document_by_type ON document (type, id);
CREATE INDEX document_by_day ON document (family, business_day, id);
CREATE INDEX document_by_shift ON document (shift_id, type, id);
CREATE INDEX document_unfiscalised ON document (fiscal) WHERE fiscal = 'waiting';
CREATE VIRTUAL TABLE document_words USING fts5 (number, buyer, content = '', tokenize = 'trigram');
CREATE TABLE document_line (
    document INTEGER NOT NULL, line INTEGER NOT NULL, article TEXT NOT NULL, quantity_e4 INTEGER NOT NULL,
    value INTEGER NOT NULL, PRIMARY KEY (document, line)
) WITHOUT ROWID, STRICT;
CREATE INDEX document_line_by_article ON document_line (article, document);
CREATE TABLE document_tax (
    document INTEGER NOT NULL, vat TEXT NOT NULL, net INTEGER NOT NULL, tax INTEGER NOT NULL, gross INTEGER NOT NULL,
    PRIMARY KEY (document, vat)
) WITHOUT ROWID, STRICT;
CREATE TABLE document_link (
    document INTEGER NOT NULL, kind TEXT NOT NULL, other_id TEXT NOT NULL, other_number TEXT NOT NULL,
    PRIMARY KEY (document, kind, other_id)
) WITHOUT ROWID, STRICT;
CREATE INDEX document_link_back ON document_link (other_id);
CREATE TABLE document_history (
    id INTEGER PRIMARY KEY, doc_id TEXT NOT NULL, at TEXT NOT NULL, event TEXT NOT NULL, operator TEXT NOT NULL,
    station TEXT NOT NULL, facts TEXT NOT NULL
) STRICT;
CREATE INDEX document_history_by_document ON document_history (doc_id, id);

-- ledgers -----------------------------------------------------------------------------------------------------
CREATE TABLE stock_move (
    doc_id TEXT NOT NULL, line INTEGER NOT NULL, effect TEXT NOT NULL, article TEXT NOT NULL,
    from_place TEXT NOT NULL, to_place TEXT NOT NULL, quantity_e4 INTEGER NOT NULL,
    PRIMARY KEY (doc_id, line, effect)
) WITHOUT ROWID, STRICT;
CREATE TABLE cash_move (
    doc_id TEXT NOT NULL, line INTEGER NOT NULL, effect TEXT NOT NULL, register TEXT NOT NULL, form TEXT NOT NULL,
    currency TEXT NOT NULL, amount INTEGER NOT NULL, in_system INTEGER NOT NULL, shift_id TEXT NOT NULL,
    PRIMARY KEY (doc_id, line, effect)
) WITHOUT ROWID, STRICT;
CREATE INDEX cash_move_by_shift ON cash_move (shift_id);
CREATE TABLE cash_balance (
    register TEXT NOT NULL, form TEXT NOT NULL, currency TEXT NOT NULL, amount INTEGER NOT NULL,
    PRIMARY KEY (register, form, currency)
) WITHOUT ROWID, STRICT;
CREATE TABLE shift (
    shift_id TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, body BLOB NOT NULL, closed_at TEXT, report BLOB
) WITHOUT ROWID, STRICT;
CREATE UNIQUE INDEX shift_open_once ON shift ((1)) WHERE closed_at IS NULL;

-- the store's stock: absolute figures from the agent, own moves past them --------------------------------------
CREATE TABLE stock_base (
    warehouse TEXT NOT NULL, article TEXT NOT NULL, quantity_e4 INTEGER NOT NULL, PRIMARY KEY (warehouse, article)
) WITHOUT ROWID, STRICT;
CREATE TABLE stock_pending (
    article TEXT NOT NULL, warehouse TEXT NOT NULL, origin TEXT NOT NULL, incarnation TEXT NOT NULL,
    seq INTEGER NOT NULL, quantity_e4 INTEGER NOT NULL,
    PRIMARY KEY (article, warehouse, origin, incarnation, seq)
) WITHOUT ROWID, STRICT;
CREATE INDEX stock_pending_by_position ON stock_pending (origin, incarnation, seq);

-- people --------------------------------------------------------------------------------------------------------
CREATE TABLE login (
    token_hash BLOB PRIMARY KEY, login_id TEXT NOT NULL, operator TEXT NOT NULL, created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
) WITHOUT ROWID, STRICT;
CREATE TABLE login_failure (operator TEXT PRIMARY KEY, count INTEGER NOT NULL, blocked_until TEXT NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE authorisation (
    grant_id TEXT PRIMARY KEY, right_code TEXT NOT NULL, operator TEXT NOT NULL, asked_by TEXT NOT NULL,
    doc_id TEXT NOT NULL, expires_at TEXT NOT NULL, used_at TEXT
) WITHOUT ROWID, STRICT;
CREATE TABLE card_operation (
    operation_id TEXT PRIMARY KEY, doc_id TEXT NOT NULL, form TEXT NOT NULL, currency TEXT NOT NULL,
    amount INTEGER NOT NULL, state TEXT NOT NULL, facts TEXT NOT NULL, at TEXT NOT NULL
) WITHOUT ROWID, STRICT;
CREATE INDEX card_operation_by_document ON card_operation (doc_id);

-- what was written stays ------------------------------------------------------------------------------------------
CREATE TRIGGER message_stays BEFORE UPDATE ON message BEGIN SELECT raise(ABORT, 'message is append-only'); END;
CREATE TRIGGER message_is_kept BEFORE DELETE ON message BEGIN SELECT raise(ABORT, 'message is append-only'); END;
CREATE TRIGGER stock_move_stays BEFORE UPDATE ON stock_move BEGIN SELECT raise(ABORT, 'stock_move is append-only'); END;
CREATE TRIGGER stock_move_is_kept BEFORE DELETE ON stock_move BEGIN SELECT raise(ABORT, 'stock_move is append-only'); END;
CREATE TRIGGER cash_move_stays BEFORE UPDATE ON cash_move BEGIN SELECT raise(ABORT, 'cash_move is append-only'); END;
CREATE TRIGGER cash_move_is_kept BEFORE DELETE ON cash_move BEGIN SELECT raise(ABORT, 'cash_move is append-only'); END;
CREATE TRIGGER history_stays BEFORE UPDATE ON document_history BEGIN SELECT raise(ABORT, 'document_history is append-only'); END;
CREATE TRIGGER history_is_kept BEFORE DELETE ON document_history BEGIN SELECT raise(ABORT, 'document_history is append-only'); END;
CREATE TRIGGER document_is_kept BEFORE DELETE ON document BEGIN SELECT raise(ABORT, 'an approved document is kept'); END;
CREATE TRIGGER document_content_stays BEFORE UPDATE OF doc_id, type, number, seq, incarnation, gross, net, tax, paid ON document
BEGIN SELECT raise(ABORT, 'an approved document does not change'); END;
