"""What people hand in: zips and files become a dataset, whole or not at all; what could do harm is refused."""
