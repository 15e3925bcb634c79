"""Which units go to which offers of a pool, so that the buyer pays least: `solve.best_assignment` (DISC-25)."""
