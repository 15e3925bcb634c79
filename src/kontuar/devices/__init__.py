"""What stands around a till: printers, the drawer, the fiscal device, the card terminal, the scanner."""
