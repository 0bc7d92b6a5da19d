"""How good is a model, exactly, and how sure are we of it."""
