"""What head office gives away as files: lists, documents, a contractor's data; for its screens and its API."""
