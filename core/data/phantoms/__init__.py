"""Synthetic chest CT slices with lesion masks, for demos and tests: they show nobody's body."""
