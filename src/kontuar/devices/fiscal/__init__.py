"""The fiscal device: its protocol, a driver, and a double that speaks the same protocol."""
