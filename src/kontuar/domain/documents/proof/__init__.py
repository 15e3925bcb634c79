"""Proof of the books: what a node holds is what its streams say, to the byte and to the figure (HUB-10, REL-14)."""
