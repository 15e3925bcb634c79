-- One row per change set, written when it is committed; withdraws: the version that it takes back.
CREATE TABLE definition_version (
    version bigint PRIMARY KEY,
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    rows bigint NOT NULL,
    kinds text[] NOT NULL,
    withdraws bigint NULL
);
INSERT INTO definition_version (version, made_at, made_by, rows, kinds)
SELECT version, max(changed_at), max(changed_by), count(*), array_agg(DISTINCT kind ORDER BY kind)
FROM definition_history GROUP BY version;
CREATE INDEX definition_history_by_version ON definition_history (version, kind, key);

-- Who needs a row, and lists narrowed to one group or price list.
CREATE INDEX definition_by_reference ON definition USING gin (refers) WHERE NOT removed;
