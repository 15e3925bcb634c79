-- Coupons at many tills at once (COUP-03): uses are counted, never read whole; questions that come late are known as late.

CREATE INDEX coupon_use_counted ON coupon_use (code, used_at, doc_id) INCLUDE (store) WHERE given_back_at IS NULL;

-- Each station keeps its own row of a document: a late question of one cannot undo what another one has reserved since.
-- life: the how-manieth database of the station; its turns count within it.
ALTER TABLE coupon_reservation
  ADD COLUMN life bigint NOT NULL DEFAULT 0,
  DROP CONSTRAINT coupon_reservation_pkey,
  ADD PRIMARY KEY (code, store, doc_id, station);

-- The last question of a station about a document, whatever became of it.
CREATE TABLE coupon_turn (
  store text NOT NULL,
  doc_id text NOT NULL,
  station text NOT NULL,
  life bigint NOT NULL,
  turn bigint NOT NULL,
  heard_at timestamptz NOT NULL,
  PRIMARY KEY (store, doc_id, station)
);
CREATE INDEX coupon_turn_heard ON coupon_turn (heard_at);
INSERT INTO coupon_turn
SELECT store, doc_id, station, 0, max(turn), max(made_at) FROM coupon_reservation GROUP BY store, doc_id, station;

-- Bundles that any store gets: those that the passing of days takes away (DISC-12).
CREATE INDEX definition_bundles_sent ON definition (key)
WHERE kind = 'discount' AND NOT removed AND scope IS DISTINCT FROM '{}'::text[]
  AND position('"source":"BUNDLE"'::bytea IN body) > 0;
