"""The rules of a shop: frozen records and pure functions."""
