-- Exchange files that were made for nodes and that came from them, refused ones too (REL-15). `outcome`: code of the
-- refusal, empty = done; `body`: the whole entry.
CREATE TABLE exchange_file (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  way text NOT NULL CHECK (way IN ('in', 'out')),
  node text NOT NULL,
  carried_by text NOT NULL,
  outcome text NOT NULL,
  body bytea NOT NULL
);
CREATE INDEX exchange_file_by_node ON exchange_file (node, id DESC);
