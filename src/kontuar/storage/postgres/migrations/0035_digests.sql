-- Digests per stream and day (REL-18): what lay in the place of a message and was not what its station wrote.
CREATE TABLE damaged_message (
  store text NOT NULL, origin text NOT NULL, incarnation text NOT NULL, seq bigint NOT NULL, hash bytea NOT NULL,
  payload bytea NOT NULL, signature bytea NOT NULL, found_at timestamptz NOT NULL
);
CREATE INDEX damaged_message_by_place ON damaged_message (store, origin, incarnation, seq);
CREATE TRIGGER damaged_message_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON damaged_message
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A message is changed only where its damaged bytes are kept among those.
CREATE FUNCTION refuse_change_of_sound() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.store, NEW.origin, NEW.incarnation, NEW.seq, NEW.flaw, NEW.received_at)
     IS DISTINCT FROM (OLD.store, OLD.origin, OLD.incarnation, OLD.seq, OLD.flaw, OLD.received_at)
     OR NOT EXISTS (
       SELECT 1 FROM damaged_message d WHERE d.store = OLD.store AND d.origin = OLD.origin
         AND d.incarnation = OLD.incarnation AND d.seq = OLD.seq AND d.hash = OLD.hash AND d.payload = OLD.payload
         AND d.signature = OLD.signature) THEN
    RAISE EXCEPTION 'append only: % of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER message_stays ON message;
CREATE TRIGGER message_stays BEFORE DELETE OR TRUNCATE ON message FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER message_changes_when_damaged BEFORE UPDATE ON message
  FOR EACH ROW EXECUTE FUNCTION refuse_change_of_sound();

-- What a node says of comparing its messages with the node above: how many neither side could mend.
ALTER TABLE node_contact ADD COLUMN digest_faults bigint NOT NULL DEFAULT 0;
