-- Discounts of documents in full: which version of which rule, on what base, what was left after it (DISC-26).
ALTER TABLE document_adjustment
  ADD COLUMN version bigint NOT NULL DEFAULT 0,
  ADD COLUMN after_minor bigint NOT NULL DEFAULT 0,
  ADD COLUMN rate numeric,
  ADD COLUMN quantity_e4 bigint NOT NULL DEFAULT 0;
CREATE INDEX document_adjustment_by_rule ON document_adjustment (rule, store, doc_id) WHERE source NOT IN ('operator', 'OPERATOR');

-- Everything of a batch of approvals in one statement. p_version: the last confirmation before these.
CREATE OR REPLACE FUNCTION book_documents(p_store text, p_now timestamptz, p_version bigint, p_stock_version bigint, p_batch jsonb)
RETURNS void LANGUAGE plpgsql SET jit TO off AS $$
BEGIN
  WITH d AS MATERIALIZED (
    SELECT b.origin, b.incarnation, b.seq, b.gid, b.series, b.period, b.ordinal, b.deviation,
           coalesce(b.doc_id, d.doc_id) AS doc_id,
           d.type, d.number, d.station, d.warehouse, d.business_day, d.created_at, d.created_by, d.approved_at,
           d.approved_by, d.shift_id, d.register, d.handler, d.buyer, d.price_list, d.definitions, d.currency,
           d.direction, d.totals, d.amount, d.perpetual_gross, d.reason, d.lines, d.taxes, d.payments, d.links,
           d.stock_moves, d.cash_moves
    FROM jsonb_to_recordset(p_batch) AS b(origin text, incarnation text, seq bigint, gid bigint, series text,
      period text, ordinal bigint, deviation text, doc_id uuid, body jsonb)
    CROSS JOIN LATERAL jsonb_to_record(b.body) AS d(doc_id uuid, type text, number text, station text,
      warehouse text, business_day date, created_at timestamptz, created_by text, approved_at timestamptz,
      approved_by text, shift_id text, register text, handler text, buyer jsonb, price_list text,
      definitions jsonb, currency text, direction text, totals jsonb, amount bigint, perpetual_gross bigint,
      reason text, lines jsonb, taxes jsonb, payments jsonb, links jsonb, stock_moves jsonb,
      cash_moves jsonb)
  ), header AS (
    INSERT INTO document
    SELECT p_store, d.doc_id, d.type, d.number, d.series, d.period, d.ordinal, d.gid, d.origin, d.incarnation,
           d.seq, d.station, d.warehouse, d.business_day, d.created_at, d.created_by, d.approved_at,
           d.approved_by, d.shift_id, d.register, d.handler, d.buyer->>'code', d.buyer->>'name',
           coalesce(d.buyer->>'tax_number', ''), d.price_list, (d.definitions->>1)::bigint, d.currency,
           d.direction, t.net, t.tax, t.gross, t.discount, t.surcharge, d.amount, d.perpetual_gross,
           (t.quantity * 10000)::bigint, jsonb_array_length(d.lines), d.reason, d.deviation, p_now
    FROM d CROSS JOIN LATERAL jsonb_to_record(d.totals)
      AS t(net bigint, tax bigint, gross bigint, discount bigint, surcharge bigint, quantity numeric)
  ), line AS MATERIALIZED (
    SELECT d.doc_id, l.*
    FROM d CROSS JOIN LATERAL jsonb_to_recordset(d.lines) AS l(number integer, article text, name text,
      kind text, unit text, quantity numeric, base_quantity numeric, base_price numeric, initial_price numeric,
      price numeric, value bigint, vat text, warehouse text, ean text, price_row text, handler text, typed text,
      adjustments jsonb)
  ), line_rows AS (
    INSERT INTO document_line
    SELECT p_store, doc_id, number, article, name, kind, unit, (quantity * 10000)::bigint,
           (base_quantity * 10000)::bigint, (base_price * 10000)::bigint, (initial_price * 10000)::bigint,
           (price * 10000)::bigint, value, vat, warehouse, ean, price_row, handler, typed
    FROM line
  ), adjustment AS (
    INSERT INTO document_adjustment
    SELECT p_store, line.doc_id, line.number, a.ordinality, e.source, e.kind, e.rule, e.base, e.amount, e.by,
           e.allowed_by, coalesce(e.version, 0), coalesce(e.after, e.base + e.amount), e.rate,
           (coalesce(e.quantity, 0) * 10000)::bigint
    FROM line CROSS JOIN LATERAL jsonb_array_elements(line.adjustments) WITH ORDINALITY AS a(value, ordinality)
    CROSS JOIN LATERAL jsonb_to_record(a.value) AS e(source text, kind text, rule text, base bigint,
      amount bigint, by text, allowed_by text, version bigint, after bigint, rate numeric, quantity numeric)
    WHERE line.adjustments <> '[]'
  ), tax AS (
    INSERT INTO document_tax
    SELECT p_store, d.doc_id, row_number() OVER (PARTITION BY d.doc_id), t.vat, t.percent, t.letter, t.net,
           t.tax, t.gross
    FROM d CROSS JOIN LATERAL jsonb_to_recordset(d.taxes)
      AS t(vat text, percent numeric, letter text, net bigint, tax bigint, gross bigint)
  ), payment AS (
    INSERT INTO document_payment
    SELECT p_store, d.doc_id, p.number, p.form, p.kind, p.currency, p.amount, p.rate, p.in_system, p.role,
           p.card, p.authorisation, p.operation_id
    FROM d CROSS JOIN LATERAL jsonb_to_recordset(d.payments) AS p(number integer, form text, kind text,
      currency text, amount bigint, rate numeric, in_system bigint, role text, card text, authorisation text,
      operation_id text)
  ), link AS (
    INSERT INTO document_link
    SELECT p_store, d.doc_id, a.ordinality, a.value->>'kind', a.value->>'doc_id', a.value->>'number',
           coalesce(a.value->'quantities', '{}')
    FROM d CROSS JOIN LATERAL jsonb_array_elements(d.links) WITH ORDINALITY AS a(value, ordinality)
    WHERE d.links <> '[]'
  ), told AS (
    INSERT INTO confirmation
    SELECT p_store, p_version + row_number() OVER (ORDER BY d.gid), d.doc_id, d.origin, d.incarnation, d.seq, 'booked',
           p_store || '-' || d.gid, ''
    FROM d
  ), m AS MATERIALIZED (
    SELECT d.doc_id, d.business_day, s.line, s.effect, s.article, s.from_place, s.to_place,
           (s.quantity * 10000)::bigint AS quantity_e4
    FROM d CROSS JOIN LATERAL jsonb_to_recordset(d.stock_moves)
      AS s(line integer, effect text, article text, from_place text, to_place text, quantity numeric)
  ), stock AS (
    INSERT INTO stock_move (store, doc_id, line, effect, article, from_place, to_place, quantity_e4, business_day)
    SELECT p_store, doc_id, line, effect, article, from_place, to_place, quantity_e4, business_day FROM m
  ), change AS MATERIALIZED (
    SELECT place, article, sum(q)::bigint AS q
    FROM m CROSS JOIN LATERAL (VALUES (from_place, -quantity_e4), (to_place, quantity_e4)) AS e(place, q)
    WHERE left(place, 1) <> '@'
    GROUP BY place, article ORDER BY place, article
  ), touched AS (
    INSERT INTO stock_touched
    SELECT p_store, p_stock_version, array_agg(place), array_agg(article) FROM change HAVING count(*) > 0
  ), balances AS (
    INSERT INTO stock_balance AS b (store, warehouse, article, quantity_e4, version)
    SELECT p_store, place, article, q, p_stock_version FROM change
    ON CONFLICT (store, warehouse, article) DO UPDATE
    SET quantity_e4 = b.quantity_e4 + excluded.quantity_e4, version = excluded.version
  )
  INSERT INTO cash_move (store, doc_id, line, effect, register, form, currency, amount, in_system, shift_id,
                         business_day)
  SELECT p_store, d.doc_id, c.line, c.effect, c.register, c.form, c.currency, c.amount, c.in_system, d.shift_id,
         d.business_day
  FROM d CROSS JOIN LATERAL jsonb_to_recordset(d.cash_moves)
    AS c(line integer, effect text, register text, form text, currency text, amount bigint, in_system bigint);
END $$;

-- A typed price was told as *operator* before; both words stand for the same.
CREATE OR REPLACE FUNCTION count_documents(p_store text, p_ids uuid[], p_sign integer) RETURNS void
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
    WHERE a.source IN ('operator', 'OPERATOR') GROUP BY 2, 3;
  END IF;
END $$;
