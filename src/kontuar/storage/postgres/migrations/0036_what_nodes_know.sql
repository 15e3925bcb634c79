-- What nodes know (REL-16). kinds: of definitions, NULL = not told; newer: kinds of messages that this program cannot
-- read; refused: the code with which the versions of its protocol were refused, empty = they meet ours.
ALTER TABLE node_contact ADD COLUMN kinds text[];
ALTER TABLE node_contact ADD COLUMN newer text[] NOT NULL DEFAULT '{}';
ALTER TABLE node_contact ADD COLUMN refused text NOT NULL DEFAULT '';
