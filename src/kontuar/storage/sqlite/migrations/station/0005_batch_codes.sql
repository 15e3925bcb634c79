-- EANs of batches: what is scanned names the article, and which of its batches (DOC-29).
CREATE TABLE batch_code (
    code TEXT NOT NULL, article TEXT NOT NULL, batch TEXT NOT NULL, PRIMARY KEY (code, article, batch)
) WITHOUT ROWID, STRICT;
CREATE INDEX batch_code_by_batch ON batch_code (article, batch);
