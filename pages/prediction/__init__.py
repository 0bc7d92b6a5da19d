"""What does it say about my scans? The prediction page."""
