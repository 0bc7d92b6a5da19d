"""Which reader made what the cache keeps."""

READER_VERSION = 2
"""Goes up whenever the same file would be read as other pixels or described otherwise: what was kept is made again."""
