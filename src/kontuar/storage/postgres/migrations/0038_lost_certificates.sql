-- Certificates that a database lost which was set up again from a backup, told by those who hold them (SEC-02, REL-13).
ALTER TABLE node_certificate ADD COLUMN adopted_at timestamptz NULL;
ALTER TABLE node_certificate ADD COLUMN told_by text NOT NULL DEFAULT '';
CREATE INDEX node_certificate_by_series ON node_certificate (series);

-- Those whose ordinal or series was given to another machine meanwhile.
CREATE TABLE disputed_certificate (
  node text COLLATE "C" NOT NULL, incarnation text COLLATE "C" NOT NULL, ordinal integer NOT NULL, kind text NOT NULL,
  store text COLLATE "C" NOT NULL, series text NOT NULL, certificate text NOT NULL, signature text NOT NULL,
  holder text NOT NULL, told_by text NOT NULL, told_at timestamptz NOT NULL, PRIMARY KEY (node, incarnation)
);

CREATE FUNCTION audit_lost_certificates() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'disputed_certificate' THEN
    INSERT INTO hub_audit (at, operator, action, store, subject, facts)
    VALUES (NEW.told_at, '', 'node.disputed', NEW.store, NEW.node,
            jsonb_build_object('kind', NEW.kind, 'incarnation', NEW.incarnation, 'series', NEW.series,
                               'holder', NEW.holder, 'told_by', NEW.told_by));
  ELSE
    INSERT INTO hub_audit (at, operator, action, store, subject, facts)
    VALUES (NEW.adopted_at, '', 'node.adopted', NEW.store, NEW.node,
            jsonb_build_object('kind', NEW.kind, 'incarnation', NEW.incarnation, 'series', NEW.series,
                               'told_by', NEW.told_by));
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER disputed_certificate_audited AFTER INSERT ON disputed_certificate
  FOR EACH ROW EXECUTE FUNCTION audit_lost_certificates();
DROP TRIGGER node_certificate_audited ON node_certificate;
CREATE TRIGGER node_certificate_audited AFTER INSERT ON node_certificate
  FOR EACH ROW WHEN (NEW.adopted_at IS NULL) EXECUTE FUNCTION audit_nodes();
CREATE TRIGGER node_certificate_revoked_audited AFTER UPDATE ON node_certificate
  FOR EACH ROW EXECUTE FUNCTION audit_nodes();
CREATE TRIGGER node_certificate_adopted_audited AFTER INSERT ON node_certificate
  FOR EACH ROW WHEN (NEW.adopted_at IS NOT NULL) EXECUTE FUNCTION audit_lost_certificates();

-- Whether the agent of a till says that the till's last backup is late.
ALTER TABLE node_contact ADD COLUMN backup_late boolean NOT NULL DEFAULT false;
