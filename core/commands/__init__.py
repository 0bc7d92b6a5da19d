"""What each command does: typed arguments in, plain values out. Printing is the command line's business."""
