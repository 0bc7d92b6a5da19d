"""Which scans to read, in which order: all of it in an address."""
