"""Start here: what this is, and one button."""
