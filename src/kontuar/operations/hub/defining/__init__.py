"""Definitions as head office keeps them: read in, judged, written as versions, told, taken back (HUB-02, HUB-03)."""
