"""Training: configs, presets, the fit itself, its processes and their queue."""
