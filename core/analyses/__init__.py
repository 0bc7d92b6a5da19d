"""What is worked out about a whole run in the background and kept with it: one kind a file, started and watched alike."""
