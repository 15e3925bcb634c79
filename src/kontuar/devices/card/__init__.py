"""The card terminal: its protocol, a client, and a double that speaks the same protocol."""
