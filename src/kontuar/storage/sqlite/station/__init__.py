"""The books of a station, one file per book, over one database."""
