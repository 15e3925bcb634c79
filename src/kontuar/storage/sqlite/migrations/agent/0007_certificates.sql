-- Certificates of the store's nodes, as the definitions or the nodes themselves told them: head office may be set up again
-- from a backup that is older than one of them. `body` is the row of kind certificate.
CREATE TABLE certificate (
    node TEXT NOT NULL, incarnation TEXT NOT NULL, ordinal INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (node, incarnation)
) STRICT;
