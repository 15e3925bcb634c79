-- Sums for reports (HUB-08). Booking only notes which documents came, in its own transaction; the sums are added
-- from those notes in larger steps, before every report and by a timer, so that intake stays fast and no sale is
-- counted twice or lost. A cancelled document is taken off the sums of its own business day.

CREATE TABLE sums_waiting (
  waiting_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  store text NOT NULL,
  doc_ids uuid[] NOT NULL,
  sign integer NOT NULL
);

CREATE TABLE sales_hour (
  store text NOT NULL,
  business_day date NOT NULL,
  hour integer NOT NULL,
  station text NOT NULL,
  operator text NOT NULL,
  type text NOT NULL,
  currency text NOT NULL,
  documents bigint NOT NULL,
  lines bigint NOT NULL,
  quantity_e4 numeric NOT NULL,
  net bigint NOT NULL,
  tax bigint NOT NULL,
  gross bigint NOT NULL,
  discount bigint NOT NULL,
  PRIMARY KEY (business_day, store, hour, station, operator, type, currency)
) WITH (fillfactor = 70);

CREATE TABLE sales_article (
  store text NOT NULL,
  business_day date NOT NULL,
  article text NOT NULL,
  type text NOT NULL,
  currency text NOT NULL,
  lines bigint NOT NULL,
  quantity_e4 numeric NOT NULL,
  value bigint NOT NULL,
  PRIMARY KEY (business_day, store, article, type, currency)
) WITH (fillfactor = 70);

CREATE TABLE sales_form (
  store text NOT NULL,
  business_day date NOT NULL,
  form text NOT NULL,
  type text NOT NULL,
  currency text NOT NULL,
  payments bigint NOT NULL,
  amount bigint NOT NULL,
  in_system bigint NOT NULL,
  PRIMARY KEY (business_day, store, form, type, currency)
) WITH (fillfactor = 70);

-- what: line_voided, draft_discarded, price_typed, discount_typed, drawer_opened, cancelled. Append only; few rows.
CREATE TABLE loss_fact (
  store text NOT NULL,
  business_day date NOT NULL,
  operator text NOT NULL,
  what text NOT NULL,
  times bigint NOT NULL,
  value bigint NOT NULL
);
CREATE INDEX loss_fact_by_day ON loss_fact (business_day, store);

CREATE FUNCTION firm_zone() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT convert_from(body, 'UTF8')::jsonb->>'time_zone' FROM definition
                   WHERE kind = 'firm' AND NOT removed ORDER BY key LIMIT 1), 'Europe/Warsaw');
$$;

-- Adds (or, with -1, takes off) documents of one store. An invoice that repeats a receipt is no second sale; which
-- ones do stands in sale_repeat (0025), written with them.
CREATE FUNCTION count_documents(p_store text, p_ids uuid[], p_sign integer) RETURNS void
LANGUAGE plpgsql SET jit TO off AS $$
DECLARE zone text := firm_zone();
BEGIN
  CREATE TEMPORARY TABLE IF NOT EXISTS counted (
    doc_id uuid PRIMARY KEY, business_day date, type text, currency text, operator text
  ) ON COMMIT DELETE ROWS;
  DELETE FROM counted;
  INSERT INTO counted
  SELECT d.doc_id, d.business_day, d.type, d.currency, d.approved_by FROM document d
  WHERE d.store = p_store AND d.doc_id = ANY(p_ids) AND NOT EXISTS (
    SELECT 1 FROM sale_repeat r WHERE r.store = d.store AND r.doc_id = d.doc_id);
  INSERT INTO sales_hour AS s
  SELECT p_store, d.business_day, extract(hour FROM d.approved_at AT TIME ZONE zone)::integer, d.station, d.approved_by,
         d.type, d.currency, p_sign * count(*), p_sign * sum(d.line_count), p_sign * sum(d.quantity_e4),
         p_sign * sum(d.net), p_sign * sum(d.tax), p_sign * sum(d.gross), p_sign * sum(d.discount)
  FROM counted c JOIN document d ON d.store = p_store AND d.doc_id = c.doc_id
  GROUP BY 2, 3, 4, 5, 6, 7 ORDER BY 2, 3, 4, 5, 6, 7
  ON CONFLICT (business_day, store, hour, station, operator, type, currency) DO UPDATE
  SET documents = s.documents + excluded.documents, lines = s.lines + excluded.lines,
      quantity_e4 = s.quantity_e4 + excluded.quantity_e4, net = s.net + excluded.net, tax = s.tax + excluded.tax,
      gross = s.gross + excluded.gross, discount = s.discount + excluded.discount;
  INSERT INTO sales_article AS s
  SELECT p_store, c.business_day, l.article, c.type, c.currency, p_sign * count(*),
         p_sign * sum(l.base_quantity_e4), p_sign * sum(l.value)
  FROM counted c JOIN document_line l ON l.store = p_store AND l.doc_id = c.doc_id
  GROUP BY 2, 3, 4, 5 ORDER BY 2, 3, 4, 5
  ON CONFLICT (business_day, store, article, type, currency) DO UPDATE
  SET lines = s.lines + excluded.lines, quantity_e4 = s.quantity_e4 + excluded.quantity_e4,
      value = s.value + excluded.value;
  INSERT INTO sales_form AS s
  SELECT p_store, c.business_day, p.form, c.type, p.currency, p_sign * count(*) FILTER (WHERE p.role <> 'change'),
         p_sign * sum(p.amount), p_sign * sum(p.in_system)
  FROM counted c JOIN document_payment p ON p.store = p_store AND p.doc_id = c.doc_id
  GROUP BY 2, 3, 4, 5 ORDER BY 2, 3, 4, 5
  ON CONFLICT (business_day, store, form, type, currency) DO UPDATE
  SET payments = s.payments + excluded.payments, amount = s.amount + excluded.amount,
      in_system = s.in_system + excluded.in_system;
  IF p_sign > 0 THEN
    INSERT INTO loss_fact
    SELECT p_store, c.business_day, c.operator, 'price_typed', count(*), sum(l.value)
    FROM counted c JOIN document_line l ON l.store = p_store AND l.doc_id = c.doc_id
    WHERE l.typed <> '' GROUP BY 2, 3
    UNION ALL
    SELECT p_store, c.business_day, c.operator, 'discount_typed', count(*), sum(a.amount)
    FROM counted c JOIN document_adjustment a ON a.store = p_store AND a.doc_id = c.doc_id
    WHERE a.source = 'operator' GROUP BY 2, 3;
  END IF;
END $$;

CREATE FUNCTION note_documents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO sums_waiting (store, doc_ids, sign) SELECT store, array_agg(doc_id), 1 FROM fresh GROUP BY store;
  RETURN NULL;
END $$;
CREATE TRIGGER document_counted AFTER INSERT ON document REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION note_documents();

CREATE FUNCTION note_cancellations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  WITH gone AS (
    SELECT DISTINCT ON (f.store, f.doc_id) f.store, f.doc_id, f.operator, f.at FROM fresh f
    WHERE f.event = 'cancelled' AND NOT EXISTS (
      SELECT 1 FROM document_history h WHERE h.store = f.store AND h.doc_id = f.doc_id AND h.event = 'cancelled'
        AND (h.origin, h.incarnation, h.seq) <> (f.origin, f.incarnation, f.seq))
    ORDER BY f.store, f.doc_id, f.seq
  ), loss AS (
    INSERT INTO loss_fact
    SELECT d.store, d.business_day, g.operator, 'cancelled', count(*),
           sum(CASE WHEN d.amount <> 0 THEN d.amount ELSE d.gross END)
    FROM gone g JOIN document d ON d.store = g.store AND d.doc_id = g.doc_id GROUP BY 1, 2, 3
  )
  INSERT INTO sums_waiting (store, doc_ids, sign) SELECT store, array_agg(doc_id), -1 FROM gone GROUP BY store;
  RETURN NULL;
END $$;
CREATE TRIGGER document_history_counted AFTER INSERT ON document_history REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION note_cancellations();

CREATE FUNCTION loss_of(p_kind text, p_body jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_kind = 'line.voided/1' THEN 'line_voided' WHEN p_kind = 'draft.discarded/1' THEN 'draft_discarded'
              WHEN p_kind = 'station.event/1' AND p_body->>'event' = 'drawer.opened_by_hand' THEN 'drawer_opened' END;
$$;

CREATE FUNCTION note_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO loss_fact
  SELECT store, (at AT TIME ZONE firm_zone())::date, operator, loss_of(kind, body), count(*),
         coalesce(sum(coalesce((body->>'value')::numeric, (body->>'gross')::numeric, 0)), 0)
  FROM fresh WHERE loss_of(kind, body) IS NOT NULL GROUP BY 1, 2, 3, 4;
  RETURN NULL;
END $$;
CREATE TRIGGER technical_event_counted AFTER INSERT ON technical_event REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION note_events();

-- What was booked before this change.
INSERT INTO sums_waiting (store, doc_ids, sign)
SELECT store, array_agg(doc_id), 1 FROM document GROUP BY store, business_day;
INSERT INTO sums_waiting (store, doc_ids, sign)
SELECT store, array_agg(doc_id), -1 FROM document_later WHERE cancelled GROUP BY store;
INSERT INTO loss_fact
SELECT store, (at AT TIME ZONE firm_zone())::date, operator, loss_of(kind, body), count(*),
       coalesce(sum(coalesce((body->>'value')::numeric, (body->>'gross')::numeric, 0)), 0)
FROM technical_event WHERE loss_of(kind, body) IS NOT NULL GROUP BY 1, 2, 3, 4;
