"""Screens and JSON API: parse, call one operation, render."""
