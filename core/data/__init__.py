"""Datasets on disk: what is there, what is wrong with it, and how it is split."""
