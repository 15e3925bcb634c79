"""What can be asked of a station: first arguments are the `Station` and the `Actor`; one transaction each."""
