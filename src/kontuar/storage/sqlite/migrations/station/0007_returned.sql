-- What came back of this till's earlier lives, and what of them contradicts head office (REL-05, REL-13).

-- Messages that were written here and that agent and hub hold otherwise. `previous`: the hash they build on.
CREATE TABLE forked_message (
    incarnation TEXT NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL, message_id TEXT NOT NULL, kind TEXT NOT NULL,
    payload BLOB NOT NULL, previous BLOB NOT NULL, signature BLOB NOT NULL, at TEXT NOT NULL, moved_at TEXT NOT NULL,
    PRIMARY KEY (incarnation, seq, hash)
) WITHOUT ROWID, STRICT;
CREATE INDEX forked_message_by_id ON forked_message (message_id);
-- Where each of them was told to head office again: a life and a position in it.
CREATE TABLE fork_offer (
    hash BLOB PRIMARY KEY, incarnation TEXT NOT NULL, seq INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
-- What only such a message says became of a document that is not itself forked: *cancelled*, *fiscalised*.
CREATE TABLE fork_effect (doc_id TEXT NOT NULL, what TEXT NOT NULL, PRIMARY KEY (doc_id, what)) WITHOUT ROWID, STRICT;
-- A forked document gives way when the true one has its very identity: a draft that was approved in both logs.
CREATE TABLE fork_renamed (
    doc_id TEXT PRIMARY KEY, was TEXT NOT NULL, hash BLOB NOT NULL
) WITHOUT ROWID, STRICT;
-- Messages that came back and could not have their effects, because this database had moved on otherwise.
CREATE TABLE message_aside (
    incarnation TEXT NOT NULL, seq INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (incarnation, seq)
) WITHOUT ROWID, STRICT;

CREATE TRIGGER forked_message_stays BEFORE UPDATE ON forked_message BEGIN SELECT raise(ABORT, 'forked_message is append-only'); END;
CREATE TRIGGER forked_message_is_kept BEFORE DELETE ON forked_message BEGIN SELECT raise(ABORT, 'forked_message is append-only'); END;

-- A message may leave the stream only when its twin, bytes and all, lies among the forked ones.
DROP TRIGGER message_is_kept;
CREATE TRIGGER message_is_kept BEFORE DELETE ON message WHEN NOT EXISTS (
    SELECT 1 FROM forked_message f WHERE f.incarnation = OLD.incarnation AND f.seq = OLD.seq AND f.hash = OLD.hash
    AND f.payload = OLD.payload AND f.signature = OLD.signature
) BEGIN SELECT raise(ABORT, 'message is append-only'); END;

-- Of a document whose message is forked the number changes, once, and only by what is put behind it; its identity only
-- to the one it is known by here from then on, with its ledgers and its history.
DROP TRIGGER document_content_stays;
CREATE TRIGGER document_content_stays BEFORE UPDATE OF doc_id, type, number, seq, incarnation, gross, net, tax, paid ON document
WHEN NOT (
    NEW.state = 'forked' AND (NEW.type, NEW.seq, NEW.incarnation, NEW.gross, NEW.net, NEW.tax, NEW.paid)
     = (OLD.type, OLD.seq, OLD.incarnation, OLD.gross, OLD.net, OLD.tax, OLD.paid)
    AND CASE WHEN OLD.state = 'forked'
        THEN NEW.number = OLD.number
         AND EXISTS (SELECT 1 FROM fork_renamed r WHERE r.was = OLD.doc_id AND r.doc_id = NEW.doc_id)
        ELSE NEW.doc_id = OLD.doc_id AND substr(NEW.number, 1, length(OLD.number) + 2) = OLD.number || ' ('
         AND EXISTS (
            SELECT 1 FROM forked_message f
            WHERE f.incarnation = OLD.incarnation AND f.seq = OLD.seq AND f.message_id = OLD.doc_id
         )
        END
) BEGIN SELECT raise(ABORT, 'an approved document does not change'); END;
CREATE VIEW fork_renaming AS
    SELECT r.was, r.doc_id FROM fork_renamed r JOIN document d ON d.doc_id = r.was AND d.state = 'forked';
DROP TRIGGER stock_move_stays;
CREATE TRIGGER stock_move_stays BEFORE UPDATE ON stock_move WHEN NOT (
    EXISTS (SELECT 1 FROM fork_renaming r WHERE r.was = OLD.doc_id AND r.doc_id = NEW.doc_id)
    AND (NEW.line, NEW.effect, NEW.article, NEW.from_place, NEW.to_place, NEW.quantity_e4)
      = (OLD.line, OLD.effect, OLD.article, OLD.from_place, OLD.to_place, OLD.quantity_e4)
) BEGIN SELECT raise(ABORT, 'stock_move is append-only'); END;
DROP TRIGGER cash_move_stays;
CREATE TRIGGER cash_move_stays BEFORE UPDATE ON cash_move WHEN NOT (
    EXISTS (SELECT 1 FROM fork_renaming r WHERE r.was = OLD.doc_id AND r.doc_id = NEW.doc_id)
    AND (NEW.line, NEW.effect, NEW.register, NEW.form, NEW.currency, NEW.amount, NEW.in_system, NEW.shift_id)
      = (OLD.line, OLD.effect, OLD.register, OLD.form, OLD.currency, OLD.amount, OLD.in_system, OLD.shift_id)
) BEGIN SELECT raise(ABORT, 'cash_move is append-only'); END;
DROP TRIGGER history_stays;
CREATE TRIGGER history_stays BEFORE UPDATE ON document_history WHEN NOT (
    EXISTS (SELECT 1 FROM fork_renaming r WHERE r.was = OLD.doc_id AND r.doc_id = NEW.doc_id)
    AND (NEW.id, NEW.at, NEW.event, NEW.operator, NEW.station, NEW.facts)
      = (OLD.id, OLD.at, OLD.event, OLD.operator, OLD.station, OLD.facts)
) BEGIN SELECT raise(ABORT, 'document_history is append-only'); END;
CREATE INDEX document_forked ON document (family, id) WHERE state = 'forked';

-- Two lives may each have opened a shift of the same number.
CREATE TABLE shift_of_lives (
    shift_id TEXT PRIMARY KEY, number INTEGER NOT NULL, body BLOB NOT NULL, closed_at TEXT, report BLOB
) WITHOUT ROWID, STRICT;
INSERT INTO shift_of_lives SELECT shift_id, number, body, closed_at, report FROM shift;
DROP TABLE shift;
ALTER TABLE shift_of_lives RENAME TO shift;
CREATE UNIQUE INDEX shift_open_once ON shift ((1)) WHERE closed_at IS NULL;
CREATE INDEX shift_by_number ON shift (number);
