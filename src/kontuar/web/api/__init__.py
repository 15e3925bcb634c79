"""JSON APIs of the nodes."""
