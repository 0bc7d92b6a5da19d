"""The threshold under the finger: what moves at once, in the browser."""
