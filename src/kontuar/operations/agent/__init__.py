"""What can be asked of a store's agent, and what it does with what arrives."""
