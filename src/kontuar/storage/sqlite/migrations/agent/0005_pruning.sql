-- Pruning (REL-17): what the hub has for good. `hash`: of the chain at `seq`; `statement`: what this agent signed of it.
CREATE TABLE pruned_to (
    origin TEXT NOT NULL, incarnation TEXT NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL, at TEXT NOT NULL,
    last_day TEXT NOT NULL, statement TEXT NOT NULL, signature TEXT NOT NULL, PRIMARY KEY (origin, incarnation)
) WITHOUT ROWID, STRICT;
CREATE TRIGGER pruned_to_grows BEFORE UPDATE ON pruned_to
WHEN NEW.seq <= OLD.seq OR (NEW.origin, NEW.incarnation) <> (OLD.origin, OLD.incarnation)
BEGIN SELECT raise(ABORT, 'what was pruned does not come back'); END;
CREATE TRIGGER pruned_to_stays BEFORE DELETE ON pruned_to BEGIN SELECT raise(ABORT, 'what was pruned is told'); END;
-- how far a stream was final on which day: the hub's backups do not reach back behind the older ones of these ----------
CREATE TABLE final_day (
    origin TEXT NOT NULL, incarnation TEXT NOT NULL, day TEXT NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (origin, incarnation, day)
) WITHOUT ROWID, STRICT;
CREATE INDEX confirmation_parked ON confirmation (doc_id) WHERE state = 'parked';
DROP TRIGGER message_is_kept;
CREATE TRIGGER message_is_kept BEFORE DELETE ON message
WHEN NOT EXISTS (
    SELECT 1 FROM forked_message f WHERE (f.origin, f.incarnation, f.seq, f.hash, f.payload, f.signature)
        = (OLD.origin, OLD.incarnation, OLD.seq, OLD.hash, OLD.payload, OLD.signature)
) AND NOT EXISTS (
    SELECT 1 FROM pruned_to p WHERE (p.origin, p.incarnation) = (OLD.origin, OLD.incarnation) AND p.seq >= OLD.seq
)
BEGIN SELECT raise(ABORT, 'message is append-only'); END;
