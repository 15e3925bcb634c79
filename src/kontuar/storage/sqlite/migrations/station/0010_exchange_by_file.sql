-- Files that were made and that came, refused ones too: `outcome` is the code of the refusal, empty = done (REL-15).
CREATE TABLE exchange_file (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, way TEXT NOT NULL, node TEXT NOT NULL, by TEXT NOT NULL,
    outcome TEXT NOT NULL, body BLOB NOT NULL
) STRICT;

-- What head office answered in a file, until it is asked again. `asked`: SHA-256 of the question's body.
CREATE TABLE carried_reply (
    node TEXT NOT NULL, incarnation TEXT NOT NULL, question TEXT NOT NULL, asked TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (node, incarnation, question, asked)
) STRICT;
