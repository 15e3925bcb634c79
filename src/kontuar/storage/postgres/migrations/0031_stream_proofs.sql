-- What the last look at every stream gave (HUB-10, REL-14). origin '' = the store's balances and rows as a whole.
CREATE TABLE stream_proof (
  store text NOT NULL,
  origin text NOT NULL,
  incarnation text NOT NULL,
  checked_at timestamptz NOT NULL,
  faults integer NOT NULL,
  proof jsonb NOT NULL,
  PRIMARY KEY (store, origin, incarnation)
);
CREATE INDEX stream_proof_faulty ON stream_proof (store, origin) WHERE faults > 0;
