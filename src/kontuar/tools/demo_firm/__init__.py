"""An invented chain of two shops: what the demo runs on."""
