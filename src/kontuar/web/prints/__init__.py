"""Documents and shift reports as the neutral model that every print is drawn from."""
