-- What a document adds to sales (0 for an invoice that repeats a receipt), and contractors made or changed here.

ALTER TABLE document ADD COLUMN repeats TEXT NOT NULL DEFAULT '';
ALTER TABLE document ADD COLUMN turnover INTEGER NOT NULL DEFAULT 0;
UPDATE document SET turnover = gross WHERE type = 'receipt';
CREATE INDEX document_repeats ON document (repeats) WHERE repeats <> '';
CREATE INDEX document_owed ON document (buyer) WHERE paid < gross;

-- Contractors as this station left them; each stands above its definition until the hub's row contains the change.
CREATE TABLE own_contractor (
    code TEXT PRIMARY KEY, body BLOB NOT NULL, message_id TEXT NOT NULL, incarnation TEXT NOT NULL, seq INTEGER NOT NULL,
    base_version INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
