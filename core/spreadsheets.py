"""Texts in CSV that a spreadsheet leaves alone: names of files, classes and readers come from outside."""

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def no_formula(text: str) -> str:
    """A text as a spreadsheet takes it for one: with an apostrophe in front where it might take it for a formula.

    So does one that begins with an apostrophe: taking one away gives the text back (`text_again`).
    """
    return f"'{text}" if text.startswith(("'", *_BEGINS_A_FORMULA)) else text


def text_again(cell: str) -> str:
    """The text that `no_formula` was given."""
    return cell.removeprefix("'")
