"""How is it learning? The training page."""
