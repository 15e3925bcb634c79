-- One-time codes: the part after the dash is stored hashed; five wrong tries end a code.
CREATE TABLE enrolment_code (
    label text PRIMARY KEY,
    secret_hash bytea NOT NULL,
    kind text NOT NULL,
    node text NOT NULL,
    store text NOT NULL,
    series text NOT NULL,
    issued_by text NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    used_at timestamptz NULL
);

-- Who holds which key. ordinal: the how-manieth incarnation of the node.
CREATE TABLE node_certificate (
    node text COLLATE "C" NOT NULL,
    incarnation text COLLATE "C" NOT NULL,
    ordinal integer NOT NULL,
    kind text NOT NULL,
    store text COLLATE "C" NOT NULL,
    series text NOT NULL,
    public_key text NOT NULL,
    certificate text NOT NULL,
    signature text NOT NULL,
    issued_at timestamptz NOT NULL,
    revoked_at timestamptz NULL,
    revoked_by text NOT NULL DEFAULT '',
    PRIMARY KEY (node, incarnation),
    UNIQUE (node, ordinal)
);
CREATE INDEX node_certificate_by_store ON node_certificate (store, node);
