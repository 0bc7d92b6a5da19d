"""Whether a dataset is still the one that a run began with; changed scans are in the tests of DICOM and of runs."""

import pandas as pd
import pytest

from core.data.unchanged import check_unchanged
from core.errors import DatasetError


def test_a_dataset_that_is_gone_as_a_whole_is_said_to_be_gone(tmp_path):
    table = pd.DataFrame({"path": ["a/1.png"], "sha256": ["0"]})
    with pytest.raises(DatasetError, match="found no folder there; bring it back"):
        check_unchanged(tmp_path / "gone", table)
