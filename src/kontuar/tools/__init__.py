"""Commands over several nodes: demo, replay, bench."""
