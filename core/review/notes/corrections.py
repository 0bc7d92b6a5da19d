"""Which labels readers want changed: "label wrong" verdicts that more than half of a scan's readers agree on."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from core.review.notes.note import Note
from core.review.notes.verdicts import LABEL_WRONG
from core.review.studies.study import reader_key


@dataclass(frozen=True)
class Correction:
    """The right label of a scan, as readers see it: who said so, and when the last of them did."""

    content: str
    label: str
    readers: tuple[str, ...]
    at: str


@dataclass(frozen=True)
class Corrections:
    """What readers agree on, by the scan's content, and in a sentence each what is not applied, and why."""

    by_content: Mapping[str, Correction]
    not_applied: tuple[str, ...] = ()

    def label(self, content: str, before: str) -> str:
        """The label of a scan once corrected."""
        found = self.by_content.get(content)
        return before if found is None else found.label


def corrections(notes: Iterable[Note], names: Mapping[str, str], classes: Collection[str]) -> Corrections:
    """What standing notes change about labels.

    A label is changed where more than half of all readers who said something about the scan call its label wrong and
    name the same right one. A verdict of another kind counts against it. Capitals make nobody another reader: of one
    who wrote the name in two ways the last word counts.

    Args:
        notes: that stand, at most one a reader and scan, as `core.review.notes.note_book.NoteBook.standing` gives them.
        names: how to call each scan that is meant, by its content; notes about others are passed over.
        classes: labels that there are.
    """
    by_scan: dict[str, dict[str, Note]] = {}
    for note in sorted(notes, key=lambda note: note.at):
        if note.content in names:
            by_scan.setdefault(note.content, {})[reader_key(note.reader)] = note
    agreed, refused = {}, []
    for content, by_reader in by_scan.items():
        said = list(by_reader.values())
        wrong = [note for note in said if note.verdict == LABEL_WRONG]
        named = Counter(note.right_label for note in wrong if note.right_label)
        if not wrong:
            continue
        if not named:
            refused.append(f"{names[content]}: its label is called wrong, but nobody says which is right")
            continue
        label, votes = named.most_common(1)[0]
        if 2 * votes <= len(said):
            refused.append(f"{names[content]}: {_votes_words(named, len(said))}, which is no majority")
        elif label not in classes:
            refused.append(f"{names[content]}: {label!r} is no class here ({', '.join(sorted(classes))})")
        else:
            behind = [note for note in wrong if note.right_label == label]
            readers = tuple(sorted({note.reader for note in behind}))
            agreed[content] = Correction(content, label, readers, max(note.at for note in behind))
    return Corrections(agreed, tuple(refused))


def _votes_words(named: Counter[str], readers: int) -> str:
    votes = " and ".join(f"{count} for {label!r}" for label, count in named.most_common())
    return f"of {readers} readers {votes}"
