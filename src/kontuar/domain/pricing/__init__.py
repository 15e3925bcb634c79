"""Price lists, line values and VAT sums."""
