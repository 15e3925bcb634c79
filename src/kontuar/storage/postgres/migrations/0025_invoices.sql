-- Facts of booked documents that only some have: whose sale an invoice repeats, what stays owed until when, which
-- invoices a fiscal device is to register (receipts always are).

CREATE TABLE sale_repeat (
  store text NOT NULL,
  doc_id uuid NOT NULL,
  of_doc text NOT NULL,
  number text NOT NULL,
  PRIMARY KEY (store, doc_id)
);
CREATE INDEX sale_repeat_of ON sale_repeat (of_doc);

CREATE TABLE open_item (
  store text NOT NULL,
  doc_id uuid NOT NULL,
  contractor text NOT NULL,
  currency text NOT NULL,
  owed bigint NOT NULL,
  due_on date NOT NULL,
  PRIMARY KEY (store, doc_id)
);
CREATE INDEX open_item_of_contractor ON open_item (contractor, due_on);

CREATE TABLE fiscal_invoice (
  store text NOT NULL,
  doc_id uuid NOT NULL,
  PRIMARY KEY (store, doc_id)
);
