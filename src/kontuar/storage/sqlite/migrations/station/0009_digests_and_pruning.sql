-- Comparing with the agent, per stream and day (REL-18).
CREATE TABLE digest_day (
    origin TEXT NOT NULL, incarnation TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, day TEXT NOT NULL,
    agreed_at TEXT NOT NULL DEFAULT '', faults INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (origin, incarnation, first)
) WITHOUT ROWID, STRICT;
CREATE INDEX digest_day_faulty ON digest_day (faults) WHERE faults > 0;

-- What lay in the place of a message and was not what this station wrote: the message may be mended then.
CREATE TABLE damaged_message (
    origin TEXT NOT NULL, incarnation TEXT NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL, payload BLOB NOT NULL,
    signature BLOB NOT NULL, found_at TEXT NOT NULL
) STRICT;
CREATE INDEX damaged_message_by_place ON damaged_message (incarnation, seq);
CREATE TRIGGER damaged_message_stays BEFORE UPDATE ON damaged_message BEGIN SELECT raise(ABORT, 'damaged_message is append-only'); END;
CREATE TRIGGER damaged_message_is_kept BEFORE DELETE ON damaged_message BEGIN SELECT raise(ABORT, 'damaged_message is append-only'); END;
DROP TRIGGER message_stays;
CREATE TRIGGER message_stays BEFORE UPDATE ON message
WHEN (NEW.incarnation, NEW.seq) <> (OLD.incarnation, OLD.seq) OR NOT EXISTS (
    SELECT 1 FROM damaged_message d WHERE (d.incarnation, d.seq, d.hash, d.payload, d.signature)
        = (OLD.incarnation, OLD.seq, OLD.hash, OLD.payload, OLD.signature)
)
BEGIN SELECT raise(ABORT, 'message is append-only'); END;

-- `signer` (agent or hub) says where a stream of this station stood: `statement` is what it signed.
CREATE TABLE signed_head (
    origin TEXT NOT NULL, incarnation TEXT NOT NULL, signer TEXT NOT NULL, seq INTEGER NOT NULL,
    statement TEXT NOT NULL, signature TEXT NOT NULL, PRIMARY KEY (origin, incarnation, signer)
) WITHOUT ROWID, STRICT;

-- Pruning (REL-17): what head office has for good, and nothing here refers to. `hash`: of the chain at `seq`; `statement`:
-- what this station signed of it; `documents`: how many were pruned in all.
CREATE TABLE pruned_to (
    origin TEXT NOT NULL, incarnation TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash BLOB NOT NULL, at TEXT NOT NULL,
    last_day TEXT NOT NULL, statement TEXT NOT NULL, signature TEXT NOT NULL
) WITHOUT ROWID, STRICT;
CREATE TRIGGER pruned_to_grows BEFORE UPDATE ON pruned_to
WHEN NEW.seq <= OLD.seq OR (NEW.origin, NEW.incarnation) <> (OLD.origin, OLD.incarnation)
BEGIN SELECT raise(ABORT, 'what was pruned does not come back'); END;
CREATE TRIGGER pruned_to_stays BEFORE DELETE ON pruned_to BEGIN SELECT raise(ABORT, 'what was pruned is told'); END;
-- How far a life was final on which day: head office's backups do not reach back behind the older ones of these.
CREATE TABLE final_day (
    origin TEXT NOT NULL, incarnation TEXT NOT NULL, day TEXT NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (origin, incarnation, day)
) WITHOUT ROWID, STRICT;
-- What the pruned moves had made of the balances.
CREATE TABLE cash_pruned (
    register TEXT NOT NULL, form TEXT NOT NULL, currency TEXT NOT NULL, amount INTEGER NOT NULL,
    PRIMARY KEY (register, form, currency)
) WITHOUT ROWID, STRICT;
CREATE INDEX document_by_place ON document (incarnation, seq);
CREATE INDEX confirmation_parked ON confirmation (doc_id) WHERE state = 'parked';
CREATE INDEX message_turn ON message (incarnation, seq)
WHERE kind IN ('shift.opened/1', 'shift.closed/1') OR substr(kind, -12) = '.cancelled/1';

DROP TRIGGER message_is_kept;
CREATE TRIGGER message_is_kept BEFORE DELETE ON message WHEN NOT EXISTS (
    SELECT 1 FROM forked_message f WHERE f.incarnation = OLD.incarnation AND f.seq = OLD.seq AND f.hash = OLD.hash
    AND f.payload = OLD.payload AND f.signature = OLD.signature
) AND NOT EXISTS (SELECT 1 FROM pruned_to p WHERE p.incarnation = OLD.incarnation AND p.seq >= OLD.seq)
BEGIN SELECT raise(ABORT, 'message is append-only'); END;
DROP TRIGGER stock_move_is_kept;
CREATE TRIGGER stock_move_is_kept BEFORE DELETE ON stock_move WHEN NOT EXISTS (
    SELECT 1 FROM message m JOIN pruned_to p ON p.incarnation = m.incarnation AND p.seq >= m.seq
    WHERE m.message_id = OLD.doc_id
)
BEGIN SELECT raise(ABORT, 'stock_move is append-only'); END;
DROP TRIGGER cash_move_is_kept;
CREATE TRIGGER cash_move_is_kept BEFORE DELETE ON cash_move WHEN NOT EXISTS (
    SELECT 1 FROM message m JOIN pruned_to p ON p.incarnation = m.incarnation AND p.seq >= m.seq
    WHERE m.message_id = OLD.doc_id
)
BEGIN SELECT raise(ABORT, 'cash_move is append-only'); END;
DROP TRIGGER history_is_kept;
CREATE TRIGGER history_is_kept BEFORE DELETE ON document_history
WHEN NOT EXISTS (
    SELECT 1 FROM message m JOIN pruned_to p ON p.incarnation = m.incarnation AND p.seq >= m.seq
    WHERE m.message_id = OLD.doc_id
)
BEGIN SELECT raise(ABORT, 'document_history is append-only'); END;
DROP TRIGGER document_is_kept;
CREATE TRIGGER document_is_kept BEFORE DELETE ON document
WHEN NOT EXISTS (SELECT 1 FROM pruned_to p WHERE p.incarnation = OLD.incarnation AND p.seq >= OLD.seq)
BEGIN SELECT raise(ABORT, 'an approved document is kept'); END;
