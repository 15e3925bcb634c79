"""One neutral model of a print, drawn for a receipt printer and as PDF."""
