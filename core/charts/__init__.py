"""Results in, figures out: one chart a file, none of which computes a statistic of its own."""
