"""Payments, cash shifts and summaries."""
