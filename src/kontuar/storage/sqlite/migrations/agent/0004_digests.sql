-- Comparing with head office, per stream and day (REL-18); heads that head office signed; kinds that stations know.

CREATE TABLE digest_day (
    origin TEXT NOT NULL, incarnation TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, day TEXT NOT NULL,
    agreed_at TEXT NOT NULL DEFAULT '', faults INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (origin, incarnation, first)
) WITHOUT ROWID, STRICT;
CREATE INDEX digest_day_faulty ON digest_day (faults) WHERE faults > 0;

-- what lay in the place of a message and was not what its station wrote: the message may be mended then ---------------
CREATE TABLE damaged_message (
    origin TEXT NOT NULL, incarnation TEXT NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL, payload BLOB NOT NULL,
    signature BLOB NOT NULL, found_at TEXT NOT NULL
) STRICT;
CREATE INDEX damaged_message_by_place ON damaged_message (origin, incarnation, seq);
CREATE TRIGGER damaged_message_stays BEFORE UPDATE ON damaged_message BEGIN SELECT raise(ABORT, 'damaged_message is append-only'); END;
CREATE TRIGGER damaged_message_is_kept BEFORE DELETE ON damaged_message BEGIN SELECT raise(ABORT, 'damaged_message is append-only'); END;
DROP TRIGGER message_stays;
CREATE TRIGGER message_stays BEFORE UPDATE ON message
WHEN (NEW.origin, NEW.incarnation, NEW.seq) <> (OLD.origin, OLD.incarnation, OLD.seq) OR NOT EXISTS (
    SELECT 1 FROM damaged_message d WHERE (d.origin, d.incarnation, d.seq, d.hash, d.payload, d.signature)
        = (OLD.origin, OLD.incarnation, OLD.seq, OLD.hash, OLD.payload, OLD.signature)
)
BEGIN SELECT raise(ABORT, 'message is append-only'); END;

-- `signer` says where a stream stood: `statement` is what it signed ---------------------------------------------------
CREATE TABLE signed_head (
    origin TEXT NOT NULL, incarnation TEXT NOT NULL, signer TEXT NOT NULL, seq INTEGER NOT NULL,
    statement TEXT NOT NULL, signature TEXT NOT NULL, PRIMARY KEY (origin, incarnation, signer)
) WITHOUT ROWID, STRICT;
