-- The life that asked for a certificate by itself, without a code; whoever revokes that life revokes this one, too.
ALTER TABLE node_certificate ADD COLUMN certified_by text NOT NULL DEFAULT '';
