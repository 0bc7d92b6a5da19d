"""Public sets of scans that can be fetched: what each is, where it comes from, and on what terms."""

from dataclasses import dataclass

from core.errors import DatasetError


@dataclass(frozen=True)
class PublicSet:
    """A set that somebody else publishes.

    Attributes:
        name: what it is called here; also its folder's name.
        title: as its authors call it.
        what: in a sentence.
        handle: its owner and name at Kaggle.
        address: where people can get it by hand.
        licence: as stated there.
        citation: what its authors want cited.
        classes: its class folders, as published.
        packed_bytes: about how much is downloaded; unpacked it is about as much again.
    """

    name: str
    title: str
    what: str
    handle: str
    address: str
    licence: str
    citation: str
    classes: tuple[str, ...]
    packed_bytes: int


PUBLIC_SETS = (
    PublicSet(
        name="sars-cov-2-ct",
        title="SARS-COV-2 Ct-Scan Dataset",
        what="nearly 2,500 axial chest CT slices of hospitals in Sao Paulo, with COVID-19 and without; no patient ids",
        handle="plameneduardo/sarscov2-ctscan-dataset",
        address="https://www.kaggle.com/datasets/plameneduardo/sarscov2-ctscan-dataset",
        licence="CC BY-NC-SA 4.0",
        citation=(
            "Soares, Angelov, Biaso, Froes, Abe: SARS-CoV-2 CT-scan dataset: A large dataset of real patients CT scans "
            "for SARS-CoV-2 identification. medRxiv 2020, https://doi.org/10.1101/2020.04.24.20078584"
        ),
        classes=("COVID", "non-COVID"),
        packed_bytes=235_000_000,
    ),
)


def public_set(name: str) -> PublicSet:
    """The set of this name.

    Raises:
        DatasetError: there is none.
    """
    for known in PUBLIC_SETS:
        if known.name == name:
            return known
    names = ", ".join(known.name for known in PUBLIC_SETS)
    raise DatasetError(f"expected one of the public sets ({names}), found '{name}'; choose one of them")
