-- The ledger of coupons (COUP-03): uses that booked documents confirmed, and codes kept for documents being paid.

CREATE TABLE coupon_use (
  code text NOT NULL,
  store text NOT NULL,
  doc_id text NOT NULL,
  coupon text NOT NULL,
  station text NOT NULL,
  number text NOT NULL,
  day date NOT NULL,
  used_at timestamptz NOT NULL,
  given_back_at timestamptz,
  PRIMARY KEY (code, store, doc_id)
);
CREATE INDEX coupon_use_of_coupon ON coupon_use (coupon, code, doc_id);
CREATE INDEX coupon_use_of_document ON coupon_use (store, doc_id);

-- turn: which question of its station made it; an older release changes nothing.
CREATE TABLE coupon_reservation (
  code text NOT NULL,
  store text NOT NULL,
  doc_id text NOT NULL,
  coupon text NOT NULL,
  station text NOT NULL,
  operator text NOT NULL,
  turn bigint NOT NULL,
  made_at timestamptz NOT NULL,
  until timestamptz NOT NULL,
  PRIMARY KEY (code, store, doc_id)
);
CREATE INDEX coupon_reservation_of_coupon ON coupon_reservation (coupon, made_at);
CREATE INDEX coupon_reservation_of_document ON coupon_reservation (store, doc_id);
CREATE INDEX coupon_reservation_until ON coupon_reservation (until);
