-- What cannot be booked, or was booked and should be looked at (HUB-05). Named by the message's chain hash.
-- state: parked; listed (booked, to be looked at); booked (released or retried); accepted; seen.

CREATE TABLE verification_item (
  item_id bigint GENERATED ALWAYS AS IDENTITY,
  store text NOT NULL,
  message_hash bytea NOT NULL,
  origin text NOT NULL,
  incarnation text NOT NULL,
  seq bigint NOT NULL,
  forked boolean NOT NULL,
  message_id text NOT NULL,
  kind text NOT NULL,
  doc_id text NOT NULL,
  number text NOT NULL,
  shift_id text NOT NULL,
  document_type text NOT NULL,
  business_day date,
  gross bigint NOT NULL,
  state text NOT NULL,
  reason text NOT NULL,
  problems jsonb NOT NULL,
  waits_for text NOT NULL,
  parked_at timestamptz NOT NULL,
  decided_at timestamptz,
  decided_by text NOT NULL DEFAULT '',
  note text NOT NULL DEFAULT '',
  series text NOT NULL DEFAULT '',
  period text NOT NULL DEFAULT '',
  ordinal bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (store, message_hash)
);
CREATE INDEX verification_open ON verification_item (item_id) WHERE state IN ('parked', 'listed');
CREATE INDEX verification_waiting ON verification_item (store, waits_for) WHERE state = 'parked';
CREATE INDEX verification_of_document ON verification_item (store, doc_id) WHERE state = 'parked';
CREATE INDEX verification_of_shift ON verification_item (store, shift_id) WHERE state = 'parked';

CREATE TABLE hub_audit (
  audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  operator text NOT NULL,
  action text NOT NULL,
  store text NOT NULL,
  subject text NOT NULL,
  facts jsonb NOT NULL
);
CREATE INDEX hub_audit_of_subject ON hub_audit (store, subject);
CREATE TRIGGER hub_audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON hub_audit
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The last word of every node (HUB-07).
CREATE TABLE node_contact (
  node text NOT NULL,
  store text NOT NULL,
  kind text NOT NULL,
  incarnation text NOT NULL,
  last_seen_at timestamptz NOT NULL,
  build text NOT NULL,
  clock_skew_ms bigint NOT NULL,
  claimed_seq bigint NOT NULL DEFAULT 0,
  definitions_version bigint NOT NULL DEFAULT 0,
  queue_length bigint NOT NULL DEFAULT 0,
  oldest_unsent_at timestamptz,
  PRIMARY KEY (store, node)
) WITH (fillfactor = 50);
