"""Contractors, operators, roles and rights."""
