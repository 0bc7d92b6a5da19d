"""What is there, and is it sound? The dataset page."""
