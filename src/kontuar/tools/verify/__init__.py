"""`kontuar verify`: the books of any node, proved from their first message (HUB-10, REL-14)."""
