-- Rights that came with updates and were given to the roles that were there, each once.

CREATE TABLE right_met (
  code text PRIMARY KEY,
  met_at timestamptz NOT NULL
);
