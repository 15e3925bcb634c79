"""`kontuar bench`: how fast, how small, beside what the storage engines themselves reach in the same run."""
