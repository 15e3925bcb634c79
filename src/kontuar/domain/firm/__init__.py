"""The structure of the firm: centres, stores, warehouses, stations, parameters."""
