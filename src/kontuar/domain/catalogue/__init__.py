"""Articles, units, codes, groups and VAT rates."""
