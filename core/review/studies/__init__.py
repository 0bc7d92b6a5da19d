"""Readers without and with the model: cases, answers, figures."""
