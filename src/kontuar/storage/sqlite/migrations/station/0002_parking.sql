-- Parking: the store's buffer as the agent told it, and what this station holds of it.

CREATE TABLE parked (
    doc_id TEXT PRIMARY KEY, type TEXT NOT NULL, ean TEXT NOT NULL, modified_at TEXT NOT NULL, row BLOB NOT NULL
) WITHOUT ROWID, STRICT;
CREATE INDEX parked_by_ean ON parked (ean);

-- token: what a copy of that version is offered with; lease: the fencing token of the lease under which it is open.
-- state: copy, waiting, editing, refused, releasing, deleting, approved. origin: the document of the buffer that it is
-- or comes from. became: the approved document it ended as. own: the buffer does not have these bytes.
-- sent: the agent was asked to save them; tries: how often it did not answer.
CREATE TABLE parked_here (
    doc_id TEXT PRIMARY KEY, type TEXT NOT NULL, state TEXT NOT NULL, version INTEGER NOT NULL, token INTEGER NOT NULL, lease INTEGER NOT NULL,
    origin TEXT NOT NULL, became TEXT NOT NULL, opened_by TEXT NOT NULL, own INTEGER NOT NULL, sent INTEGER NOT NULL,
    tries INTEGER NOT NULL, at TEXT NOT NULL, reason TEXT NOT NULL, row BLOB NOT NULL, body BLOB NOT NULL
) WITHOUT ROWID, STRICT;
CREATE INDEX parked_here_by_state ON parked_here (state);
