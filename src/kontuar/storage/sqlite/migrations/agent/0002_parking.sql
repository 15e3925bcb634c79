-- The store's buffer of parked documents. `feed_version`: the version of the list with which the row changed last.

CREATE TABLE parked_document (
    doc_id TEXT PRIMARY KEY, ean TEXT NOT NULL UNIQUE, feed_version INTEGER NOT NULL, state BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX parked_document_by_feed ON parked_document (feed_version);

-- every version that was saved while the document is parked, by the hash of its bytes as they were sent -------------
CREATE TABLE parked_version (
    doc_id TEXT NOT NULL, version INTEGER NOT NULL, base INTEGER NOT NULL, token INTEGER NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (doc_id, version)
) WITHOUT ROWID, STRICT;

-- what left the buffer, so that an old copy does not bring it back ---------------------------------------------------
CREATE TABLE parked_gone (
    doc_id TEXT PRIMARY KEY, feed_version INTEGER NOT NULL, at TEXT NOT NULL, body BLOB NOT NULL
) WITHOUT ROWID, STRICT;
CREATE INDEX parked_gone_by_feed ON parked_gone (feed_version);
CREATE INDEX parked_gone_by_time ON parked_gone (at);

-- temporary numbers given so far, by their prefix --------------------------------------------------------------------
CREATE TABLE parked_number (prefix TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID, STRICT;
