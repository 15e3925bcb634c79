"""The programs: station, agent, hub. Wiring only."""
