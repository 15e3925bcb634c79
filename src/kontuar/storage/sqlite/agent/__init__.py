"""What an agent keeps: its store's streams, definitions to pass on, confirmations, stock."""
