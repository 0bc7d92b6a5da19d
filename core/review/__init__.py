"""The review room without a screen: worklists, notes of readers, reading studies, the sheet of one case."""
