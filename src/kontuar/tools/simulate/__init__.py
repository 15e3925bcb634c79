"""Deterministic simulation: real nodes in one thread, virtual time, a network and disks that fail (REL-01 … REL-21)."""
