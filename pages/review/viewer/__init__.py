"""The scan under review: zoom, window, maps, slices and marks, in the browser at once."""
