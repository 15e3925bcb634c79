-- Booked documents, relationally, beside their bytes in `message`. Content never changes (DOC-03).

CREATE TABLE document (
  store text NOT NULL,
  doc_id uuid NOT NULL,
  type text NOT NULL,
  number text NOT NULL,
  series text NOT NULL,
  period text NOT NULL,
  ordinal bigint NOT NULL,
  gid bigint NOT NULL,
  origin text NOT NULL,
  incarnation text NOT NULL,
  seq bigint NOT NULL,
  station text NOT NULL,
  warehouse text NOT NULL,
  business_day date NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  approved_at timestamptz NOT NULL,
  approved_by text NOT NULL,
  shift_id text NOT NULL,
  register text NOT NULL,
  handler text NOT NULL,
  buyer_code text NOT NULL,
  buyer_name text NOT NULL,
  buyer_tax_number text NOT NULL,
  price_list text NOT NULL,
  definitions_version bigint NOT NULL,
  currency text NOT NULL,
  direction text NOT NULL,
  net bigint NOT NULL,
  tax bigint NOT NULL,
  gross bigint NOT NULL,
  discount bigint NOT NULL,
  surcharge bigint NOT NULL,
  amount bigint NOT NULL,
  perpetual_gross bigint NOT NULL,
  quantity_e4 bigint NOT NULL,
  line_count integer NOT NULL,
  reason text NOT NULL,
  deviation text NOT NULL,
  booked_at timestamptz NOT NULL,
  PRIMARY KEY (store, doc_id)
);
CREATE INDEX document_by_time ON document (approved_at DESC, doc_id DESC);
CREATE INDEX document_of_store_by_time ON document (store, approved_at DESC, doc_id DESC);
CREATE INDEX document_by_day ON document (store, business_day, type);
CREATE INDEX document_by_number ON document (number text_pattern_ops, store);
CREATE INDEX document_by_shift ON document (store, shift_id) WHERE shift_id <> '';
CREATE TRIGGER document_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON document
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Facts that came later, as lists need them; rebuildable from document_history.
CREATE TABLE document_later (
  store text NOT NULL,
  doc_id uuid NOT NULL,
  fiscal_number text NOT NULL DEFAULT '',
  fiscalised boolean NOT NULL DEFAULT false,
  cancelled boolean NOT NULL DEFAULT false,
  prints integer NOT NULL DEFAULT 0,
  PRIMARY KEY (store, doc_id)
) WITH (fillfactor = 80);

CREATE TABLE document_line (
  store text NOT NULL,
  doc_id uuid NOT NULL,
  line integer NOT NULL,
  article text NOT NULL,
  name text NOT NULL,
  kind text NOT NULL,
  unit text NOT NULL,
  quantity_e4 bigint NOT NULL,
  base_quantity_e4 bigint NOT NULL,
  base_price_e4 bigint NOT NULL,
  initial_price_e4 bigint NOT NULL,
  price_e4 bigint NOT NULL,
  value bigint NOT NULL,
  vat text NOT NULL,
  warehouse text NOT NULL,
  ean text NOT NULL,
  price_row text NOT NULL,
  handler text NOT NULL,
  typed text NOT NULL,
  PRIMARY KEY (store, doc_id, line)
);

CREATE TABLE document_tax (
  store text NOT NULL,
  doc_id uuid NOT NULL,
  position integer NOT NULL,
  vat text NOT NULL,
  percent numeric,
  letter text NOT NULL,
  net bigint NOT NULL,
  tax bigint NOT NULL,
  gross bigint NOT NULL,
  PRIMARY KEY (store, doc_id, position)
);

CREATE TABLE document_payment (
  store text NOT NULL,
  doc_id uuid NOT NULL,
  number integer NOT NULL,
  form text NOT NULL,
  kind text NOT NULL,
  currency text NOT NULL,
  amount bigint NOT NULL,
  rate numeric NOT NULL,
  in_system bigint NOT NULL,
  role text NOT NULL,
  card text NOT NULL,
  authorisation text NOT NULL,
  operation_id text NOT NULL,
  PRIMARY KEY (store, doc_id, number)
);

CREATE TABLE document_adjustment (
  store text NOT NULL,
  doc_id uuid NOT NULL,
  line integer NOT NULL,
  position integer NOT NULL,
  source text NOT NULL,
  kind text NOT NULL,
  rule text NOT NULL,
  base bigint NOT NULL,
  amount bigint NOT NULL,
  by_operator text NOT NULL,
  allowed_by text NOT NULL,
  PRIMARY KEY (store, doc_id, line, position)
);

CREATE TABLE document_link (
  store text NOT NULL,
  doc_id uuid NOT NULL,
  position integer NOT NULL,
  kind text NOT NULL,
  to_doc text NOT NULL,
  number text NOT NULL,
  quantities jsonb NOT NULL,
  PRIMARY KEY (store, doc_id, position)
);
CREATE INDEX document_link_back ON document_link (store, to_doc);

CREATE TABLE document_history (
  store text NOT NULL,
  doc_id uuid NOT NULL,
  origin text NOT NULL,
  incarnation text NOT NULL,
  seq bigint NOT NULL,
  at timestamptz NOT NULL,
  event text NOT NULL,
  operator text NOT NULL,
  facts jsonb NOT NULL,
  PRIMARY KEY (store, doc_id, origin, incarnation, seq)
);
CREATE TRIGGER document_history_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON document_history
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Which number of a series came last; a series belongs to one stream (REL-05).
CREATE TABLE number_series (
  store text NOT NULL,
  document_type text NOT NULL,
  series text NOT NULL,
  period text NOT NULL,
  origin text NOT NULL,
  incarnation text NOT NULL,
  last_ordinal bigint NOT NULL,
  PRIMARY KEY (store, document_type, series, period)
);
CREATE TABLE shift (
  store text NOT NULL,
  shift_id text NOT NULL,
  origin text NOT NULL,
  incarnation text NOT NULL,
  opened_seq bigint NOT NULL,
  closed_seq bigint,
  number integer NOT NULL,
  register text NOT NULL,
  business_day date NOT NULL,
  opened_at timestamptz NOT NULL,
  opened_by text NOT NULL,
  opening_float bigint NOT NULL,
  currency text NOT NULL,
  closed_at timestamptz,
  closed_by text NOT NULL DEFAULT '',
  report jsonb,
  PRIMARY KEY (store, shift_id)
);
CREATE INDEX shift_of_day ON shift (store, business_day);

CREATE TABLE technical_event (
  store text NOT NULL,
  origin text NOT NULL,
  incarnation text NOT NULL,
  seq bigint NOT NULL,
  at timestamptz NOT NULL,
  operator text NOT NULL,
  kind text NOT NULL,
  body jsonb NOT NULL,
  PRIMARY KEY (store, origin, incarnation, seq)
);
