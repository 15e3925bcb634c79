"""Pictures of articles, drawn by code so that they belong to nobody and weigh next to nothing."""
