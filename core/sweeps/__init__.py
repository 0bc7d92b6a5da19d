"""Sweeps: several trainings of one question, ranked by what they miss on validation; test is opened once."""
