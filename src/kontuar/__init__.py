"""Kontuar: offline-first retail for chains of shops."""

__version__ = "0.1.0"
