"""Other people's worlds: web shop, marketplaces, EDI, accounting files."""
