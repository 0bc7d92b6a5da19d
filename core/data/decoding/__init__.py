"""Decoders that a damaged file can crash or hang, kept in processes of their own."""
