"""Screens of the head office."""
