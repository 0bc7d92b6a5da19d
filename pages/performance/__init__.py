"""How good is it? The performance page."""
