"""Readers against each other and against the model: the reading study."""
