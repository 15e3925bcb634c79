"""What can be asked of head office, and what it does with what arrives."""
