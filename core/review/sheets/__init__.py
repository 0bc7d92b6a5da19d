"""One case on one page, as PDF or PNG."""
