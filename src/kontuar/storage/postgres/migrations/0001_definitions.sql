-- Definitions: one row per (kind, key), also for what was removed, so that a delta can say so.
-- scope: the stores a row is sent to, NULL = all; ever_scope: every store that was ever sent it.
-- checksum: row_checksum of the body as a signed 64-bit number.
-- refers: rows this one needs, as kind:key; find: what a person may type to find it.
CREATE TABLE definition (
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    body bytea NOT NULL,
    checksum bigint NOT NULL,
    scope text[] NULL,
    ever_scope text[] NULL,
    removed boolean NOT NULL DEFAULT false,
    refers text[] NOT NULL DEFAULT '{}',
    find text NOT NULL DEFAULT '',
    PRIMARY KEY (kind, key)
);
CREATE INDEX definition_by_version ON definition (version);
CREATE INDEX definition_by_store ON definition USING gin (scope) WHERE scope IS NOT NULL;

-- Every body there ever was: a document names the version it was priced with.
CREATE TABLE definition_history (
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    body bytea NULL,
    scope text[] NULL,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    PRIMARY KEY (kind, key, version)
);

-- What only one row may have: an EAN, a series, a card.
CREATE TABLE definition_claim (
    what text NOT NULL,
    value text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    PRIMARY KEY (what, value)
);
CREATE INDEX definition_claim_by_row ON definition_claim (kind, key);

-- One row: locked first and raised last in every writing transaction, so versions are gapless in commit order.
CREATE TABLE definition_feed (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    epoch text NOT NULL,
    version bigint NOT NULL
);
INSERT INTO definition_feed (epoch, version) VALUES (gen_random_uuid()::text, 0);

-- Sum of the checksums (modulo 2^64, 0 to 2^64 - 1) and count of the rows of a scope: '*' or a store.
CREATE TABLE definition_checksum (
    scope text PRIMARY KEY,
    checksum numeric(20) NOT NULL,
    rows bigint NOT NULL
);

CREATE FUNCTION kept_as_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are kept as they were written', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER definition_history_kept BEFORE UPDATE OR DELETE ON definition_history
    FOR EACH ROW EXECUTE FUNCTION kept_as_written();
CREATE TRIGGER definition_history_not_emptied BEFORE TRUNCATE ON definition_history
    FOR EACH STATEMENT EXECUTE FUNCTION kept_as_written();
