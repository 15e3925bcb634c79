"""What the operations need from outside, as Protocols."""
