"""Where do we cut? The threshold page."""
