-- Streams of messages as they arrived: bytes, never changed (REL-02, REL-04).

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'append only: % of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

-- One row per stream. processed_seq: up to there messages are booked or parked; it trails seq.
CREATE TABLE stream (
  origin text NOT NULL,
  incarnation text NOT NULL,
  store text NOT NULL,
  seq bigint NOT NULL,
  hash bytea NOT NULL,
  processed_seq bigint NOT NULL DEFAULT 0,
  closed boolean NOT NULL DEFAULT false,
  build text NOT NULL DEFAULT '',
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  PRIMARY KEY (origin, incarnation),
  CHECK (processed_seq <= seq)
) WITH (fillfactor = 50);
CREATE INDEX stream_of_store ON stream (store);

-- flaw: what intake found wrong (a reason code), empty when nothing.
CREATE TABLE message (
  store text NOT NULL,
  origin text NOT NULL,
  incarnation text NOT NULL,
  seq bigint NOT NULL,
  message_id text NOT NULL,
  kind text NOT NULL,
  payload bytea NOT NULL,
  hash bytea NOT NULL,
  signature bytea NOT NULL,
  flaw text NOT NULL,
  received_at timestamptz NOT NULL,
  PRIMARY KEY (store, origin, incarnation, seq)
) WITH (toast_tuple_target = 8160);
CREATE INDEX message_by_id ON message (store, message_id);
CREATE TRIGGER message_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON message
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Messages of a log that contradicts what is held: kept whole, parked, decided by a person.
CREATE TABLE forked_message (
  store text NOT NULL,
  hash bytea NOT NULL,
  origin text NOT NULL,
  incarnation text NOT NULL,
  seq bigint NOT NULL,
  message_id text NOT NULL,
  kind text NOT NULL,
  payload bytea NOT NULL,
  signature bytea NOT NULL,
  flaw text NOT NULL,
  received_at timestamptz NOT NULL,
  processed boolean NOT NULL DEFAULT false,
  PRIMARY KEY (store, hash)
);
CREATE INDEX forked_message_new ON forked_message (store) WHERE NOT processed;

-- What could not even be read: its bytes and why (alarm).
CREATE TABLE unreadable_frame (
  frame_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  received_at timestamptz NOT NULL,
  sender text NOT NULL,
  problem text NOT NULL,
  frame bytea NOT NULL
);
