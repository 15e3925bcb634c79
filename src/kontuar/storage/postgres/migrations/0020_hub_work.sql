-- Finding documents (HUB-04): by any part of the number, by operator, contractor, station, article, value.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX document_by_number_part ON document USING gin (number gin_trgm_ops);
CREATE INDEX document_of_station_by_time ON document (station, approved_at DESC, doc_id DESC);
CREATE INDEX document_of_operator_by_time ON document (approved_by, approved_at DESC, doc_id DESC);
CREATE INDEX document_of_buyer_by_time ON document (buyer_code, approved_at DESC, doc_id DESC)
  WHERE buyer_code <> 'UNDEFINED';
CREATE INDEX document_by_tax_number ON document (buyer_tax_number) WHERE buyer_tax_number <> '';
-- Receipts are found fast by time alone; an index of them all would only slow booking down.
CREATE INDEX document_of_type_by_time ON document (type, approved_at DESC, doc_id DESC) WHERE type <> 'receipt';
CREATE INDEX document_of_day_by_time ON document (business_day, approved_at DESC, doc_id DESC);
CREATE INDEX document_by_value ON document (gross);
CREATE INDEX document_line_of_article ON document_line (article, store, doc_id);
CREATE INDEX document_cancelled ON document_later (store, doc_id) WHERE cancelled;

-- Working through the inbox (HUB-05): who looks after an item, what people wrote to it, what head office asked a
-- station to take back. A wish is answered by the station's stream: the cancellation itself, or why it cannot be.
ALTER TABLE verification_item ADD COLUMN assigned_to text NOT NULL DEFAULT '';
CREATE INDEX verification_by_reason ON verification_item (reason, item_id) WHERE state IN ('parked', 'listed');

CREATE TABLE verification_note (
  note_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  store text NOT NULL,
  message_hash bytea NOT NULL,
  at timestamptz NOT NULL,
  operator text NOT NULL,
  text text NOT NULL
);
CREATE INDEX verification_note_of_item ON verification_note (store, message_hash, note_id);
CREATE TRIGGER verification_note_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON verification_note
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- state: asked; done; refused (answer = the reason code); withdrawn (decided otherwise meanwhile).
CREATE TABLE cancellation_wish (
  wish_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  store text NOT NULL,
  doc_id text NOT NULL,
  message_hash bytea NOT NULL,
  state text NOT NULL,
  asked_by text NOT NULL,
  asked_at timestamptz NOT NULL,
  note text NOT NULL,
  answer text NOT NULL DEFAULT '',
  answered_at timestamptz
);
CREATE UNIQUE INDEX cancellation_wish_open ON cancellation_wish (store, doc_id) WHERE state = 'asked';
CREATE INDEX cancellation_wish_of_item ON cancellation_wish (store, message_hash, wish_id);
CREATE INDEX technical_event_decision ON technical_event ((body->'facts'->>'decision'))
  WHERE body->>'event' = 'decision.refused';

-- Alarms with their history (HUB-07): one open row per node and code.
CREATE TABLE node_alarm (
  alarm_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  store text NOT NULL,
  node text NOT NULL,
  code text NOT NULL,
  severity text NOT NULL,
  began_at timestamptz NOT NULL,
  ended_at timestamptz,
  acknowledged_at timestamptz,
  acknowledged_by text NOT NULL DEFAULT '',
  note text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX node_alarm_open ON node_alarm (store, node, code) WHERE ended_at IS NULL;

-- Two-factor logins (HUB-09). last_step: a code works once.
CREATE TABLE hub_second_factor (
  operator text PRIMARY KEY,
  secret bytea NOT NULL,
  confirmed_at timestamptz,
  last_step bigint NOT NULL DEFAULT 0
);
