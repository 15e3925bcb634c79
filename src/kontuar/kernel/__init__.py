"""Values that every floor uses; imports nothing else of ours."""
