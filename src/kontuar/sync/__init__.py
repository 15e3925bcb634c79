"""The sync protocol: frames, keys, the uplink, the feed and their HTTP transport."""
