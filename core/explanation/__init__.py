"""Explanation: class activation maps and how to show them."""
