"""Real baskets sold through real nodes, and everything counted afterwards."""
