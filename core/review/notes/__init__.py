"""What readers say of scans, never lost; and the labels they agree are wrong."""
