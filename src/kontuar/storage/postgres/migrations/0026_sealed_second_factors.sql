-- Secrets of the second factor are kept sealed (HUB-09). key_id: which key opens this one; empty = written before they
-- were sealed, in the open: the hub seals those when it starts.
ALTER TABLE hub_second_factor ADD COLUMN key_id text NOT NULL DEFAULT '';
ALTER TABLE hub_second_factor ALTER COLUMN key_id DROP DEFAULT;
