"""What one can ask of the system: load, decide, record, announce."""
