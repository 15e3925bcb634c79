-- The audit log (HUB-09): every change and decision and login at the hub, written by the database itself in the
-- transaction that changes something. kontuar.asked_from: the address of whoever asked, set by the connection.
ALTER TABLE hub_audit ADD COLUMN asked_from text NOT NULL DEFAULT coalesce(current_setting('kontuar.asked_from', true), '');
CREATE INDEX hub_audit_of_operator ON hub_audit (operator, audit_id DESC);
CREATE INDEX hub_audit_of_action ON hub_audit (action, audit_id DESC);

CREATE FUNCTION audit_definitions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO hub_audit (at, operator, action, store, subject, facts)
  VALUES (NEW.made_at, NEW.made_by, CASE WHEN NEW.withdraws IS NULL THEN 'definitions.change'
          ELSE 'definitions.withdraw' END, '', NEW.version::text,
          jsonb_strip_nulls(jsonb_build_object('rows', NEW.rows::text, 'kinds', array_to_string(NEW.kinds, ', '),
                            'withdraws', NEW.withdraws::text)));
  RETURN NULL;
END $$;
CREATE TRIGGER definition_version_audited AFTER INSERT ON definition_version
  FOR EACH ROW EXECUTE FUNCTION audit_definitions();

CREATE FUNCTION audit_logins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO hub_audit (at, operator, action, store, subject, facts)
  VALUES (NEW.issued_at, NEW.operator, 'login', '', NEW.login_id, '{}');
  RETURN NULL;
END $$;
CREATE TRIGGER hub_login_audited AFTER INSERT ON hub_login FOR EACH ROW EXECUTE FUNCTION audit_logins();

-- Codes that nobody has are not written down: strangers could fill the log with them.
CREATE FUNCTION audit_failed_logins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO hub_audit (at, operator, action, store, subject, facts)
  SELECT NEW.last_at, NEW.operator, 'login.failed', '', '', jsonb_build_object('failures', NEW.failures::text)
  WHERE EXISTS (SELECT 1 FROM definition WHERE kind = 'operator' AND key = NEW.operator AND NOT removed);
  RETURN NULL;
END $$;
CREATE TRIGGER hub_login_failure_audited AFTER INSERT OR UPDATE ON hub_login_failure
  FOR EACH ROW EXECUTE FUNCTION audit_failed_logins();

CREATE FUNCTION audit_nodes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'enrolment_code' THEN
    INSERT INTO hub_audit (at, operator, action, store, subject, facts)
    VALUES (NEW.issued_at, NEW.issued_by, 'node.code_issued', NEW.store, NEW.node,
            jsonb_build_object('kind', NEW.kind));
  ELSIF TG_OP = 'INSERT' THEN
    INSERT INTO hub_audit (at, operator, action, store, subject, facts)
    VALUES (NEW.issued_at, '', 'node.enrolled', NEW.store, NEW.node,
            jsonb_build_object('kind', NEW.kind, 'incarnation', NEW.incarnation));
  ELSIF NEW.revoked_at IS NOT NULL AND OLD.revoked_at IS NULL THEN
    INSERT INTO hub_audit (at, operator, action, store, subject, facts)
    VALUES (NEW.revoked_at, NEW.revoked_by, 'node.revoked', NEW.store, NEW.node,
            jsonb_build_object('kind', NEW.kind, 'incarnation', NEW.incarnation));
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER node_certificate_audited AFTER INSERT OR UPDATE ON node_certificate
  FOR EACH ROW EXECUTE FUNCTION audit_nodes();
CREATE TRIGGER enrolment_code_audited AFTER INSERT ON enrolment_code FOR EACH ROW EXECUTE FUNCTION audit_nodes();

CREATE FUNCTION audit_openings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO hub_audit (at, operator, action, store, subject, facts)
  VALUES (NEW.put_at, NEW.put_by, 'stock.opening', NEW.store, NEW.doc_id::text, jsonb_build_object('rows', NEW.rows::text));
  RETURN NULL;
END $$;
CREATE TRIGGER stock_opening_audited AFTER INSERT ON stock_opening FOR EACH ROW EXECUTE FUNCTION audit_openings();

-- A contractor's past bodies may be anonymised, by nothing but the operation that says so; all else stays as written.
CREATE FUNCTION history_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.kind = 'contractor' AND current_setting('kontuar.anonymising', true) = OLD.key
     AND (NEW.kind, NEW.key, NEW.version, NEW.changed_at, NEW.changed_by)
       = (OLD.kind, OLD.key, OLD.version, OLD.changed_at, OLD.changed_by) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'rows of % are kept as they were written', TG_TABLE_NAME;
END $$;
DROP TRIGGER definition_history_kept ON definition_history;
CREATE TRIGGER definition_history_kept BEFORE UPDATE OR DELETE ON definition_history
  FOR EACH ROW EXECUTE FUNCTION history_kept();
