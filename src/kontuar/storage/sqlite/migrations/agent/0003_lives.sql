-- Lives of stations. `ordinal`: of the life's certificate, 0 = not learned yet; `opened`: its first message says that it
-- is a new life, which closes all earlier ones.

ALTER TABLE stream ADD COLUMN ordinal INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stream ADD COLUMN opened INTEGER NOT NULL DEFAULT 0;
UPDATE stream SET stopped = '' WHERE stopped = 'stream.closed'; -- a closed life is relayed on

-- what contradicts is told to the hub once; `previous` is the chain hash before it, empty = not known ------------------
ALTER TABLE forked_message ADD COLUMN previous BLOB NOT NULL DEFAULT x'';
CREATE TABLE fork_told (
    origin TEXT NOT NULL, incarnation TEXT NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL, answer TEXT NOT NULL,
    PRIMARY KEY (origin, incarnation, seq, hash)
) WITHOUT ROWID, STRICT;

-- what the hub holds and what did not pass here: `hash` is that of the last of these messages --------------------------
CREATE TABLE passed_elsewhere (
    origin TEXT NOT NULL, incarnation TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (origin, incarnation, first)
) WITHOUT ROWID, STRICT;

-- a message gives way to the hub's only once it is kept among the forked ones ------------------------------------------
DROP TRIGGER message_is_kept;
CREATE TRIGGER message_is_kept BEFORE DELETE ON message
WHEN NOT EXISTS (
    SELECT 1 FROM forked_message f WHERE (f.origin, f.incarnation, f.seq, f.hash, f.payload, f.signature)
        = (OLD.origin, OLD.incarnation, OLD.seq, OLD.hash, OLD.payload, OLD.signature)
)
BEGIN SELECT raise(ABORT, 'message is append-only'); END;
