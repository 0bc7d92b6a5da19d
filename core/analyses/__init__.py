"""What is worked out about a run in the background and kept with it: one kind a file, started and watched alike."""
