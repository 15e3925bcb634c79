-- Ledgers: append only, one entry per (document, line, effect) (REL-08); balances are rebuildable sums.

CREATE TABLE stock_move (
  store text NOT NULL,
  doc_id uuid NOT NULL,
  line integer NOT NULL,
  effect text NOT NULL,
  article text NOT NULL,
  from_place text NOT NULL,
  to_place text NOT NULL,
  quantity_e4 bigint NOT NULL,
  business_day date NOT NULL,
  PRIMARY KEY (store, doc_id, line, effect)
);
CREATE TRIGGER stock_move_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON stock_move
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE cash_move (
  store text NOT NULL,
  doc_id uuid NOT NULL,
  line integer NOT NULL,
  effect text NOT NULL,
  register text NOT NULL,
  form text NOT NULL,
  currency text NOT NULL,
  amount bigint NOT NULL,
  in_system bigint NOT NULL,
  shift_id text NOT NULL,
  business_day date NOT NULL,
  PRIMARY KEY (store, doc_id, line, effect)
);
CREATE INDEX cash_move_by_shift ON cash_move (store, shift_id) WHERE shift_id <> '';
CREATE TRIGGER cash_move_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON cash_move
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Opening stock put by head office; its moves stand in stock_move under the same id.
CREATE TABLE stock_opening (
  store text NOT NULL,
  doc_id uuid NOT NULL,
  content_hash bytea NOT NULL,
  business_day date NOT NULL,
  rows integer NOT NULL,
  put_by text NOT NULL,
  put_at timestamptz NOT NULL,
  PRIMARY KEY (store, doc_id)
);

-- Moves of parked messages: the goods left although the document is not booked (ownership of stock).
CREATE TABLE unbooked_move (
  store text NOT NULL,
  message_hash bytea NOT NULL,
  position integer NOT NULL,
  article text NOT NULL,
  from_place text NOT NULL,
  to_place text NOT NULL,
  quantity_e4 bigint NOT NULL,
  PRIMARY KEY (store, message_hash, position)
);

CREATE TABLE stock_balance (
  store text NOT NULL,
  warehouse text NOT NULL,
  article text NOT NULL,
  quantity_e4 bigint NOT NULL,
  unbooked_e4 bigint NOT NULL DEFAULT 0,
  version bigint NOT NULL,
  PRIMARY KEY (store, warehouse, article)
) WITH (fillfactor = 50);
CREATE INDEX stock_balance_of_article ON stock_balance (article);

-- Which balances a version changed: a list of its own, because an index on `version` would make every change of a
-- balance write three indexes. Pruned by the feed; who asks for less gets all figures.
CREATE TABLE stock_touched (
  store text NOT NULL,
  version bigint NOT NULL,
  warehouses text[] NOT NULL,
  articles text[] NOT NULL
);
CREATE INDEX stock_touched_by_version ON stock_touched (store, version);

-- Counters of a store, updated last in the writing transaction: gapless, in the order of commits.
CREATE TABLE store_feed (
  store text PRIMARY KEY,
  epoch text NOT NULL,
  version bigint NOT NULL DEFAULT 0,
  gid bigint NOT NULL DEFAULT 0,
  stock_version bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE confirmation (
  store text NOT NULL,
  version bigint NOT NULL,
  doc_id text NOT NULL,
  origin text NOT NULL,
  incarnation text NOT NULL,
  seq bigint NOT NULL,
  state text NOT NULL,
  gid text NOT NULL,
  reason text NOT NULL,
  PRIMARY KEY (store, version)
);
