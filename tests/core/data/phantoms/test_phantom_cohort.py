"""Who is in a set: matched patients, shortcuts and wrong labels in the stated shares."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from core.data.phantoms.cohort import draw_cohort
from core.data.phantoms.options import PhantomOptions

PLAIN = PhantomOptions()


@given(
    count=st.integers(20, 200), seed=st.integers(0, 2**32), classes=st.sampled_from([2, 4]),
    slices=st.none() | st.integers(1, 5),
)  # fmt: skip
def test_any_count_is_met_and_the_classes_have_as_many_scans(count, seed, classes, slices):
    options = PhantomOptions(classes=classes, slices=slices)
    cohort = draw_cohort(count, seed, options)
    scans = Counter()
    for patient in cohort:
        scans[patient.true_label] += patient.slices
        assert patient.label == patient.true_label
        assert not patient.has_shortcut
    assert sum(scans.values()) == count
    assert set(scans) == set(options.labels)
    assert max(scans.values()) - min(scans.values()) <= 1
    if slices is None:
        assert {patient.slices for patient in cohort} <= {3, 4, 5}
    else:
        fewer = Counter(patient.true_label for patient in cohort if patient.slices < slices)
        assert all(patient.slices <= slices for patient in cohort)
        assert all(held == 1 for held in fewer.values())


def test_each_patient_has_matched_ones_of_every_other_class():
    cohort = draw_cohort(240, 3, PhantomOptions(classes=4))
    for start in range(0, len(cohort), 4):
        group = cohort[start : start + 4]
        assert len({patient.true_label for patient in group}) == 4
        assert (
            len({(patient.scanner.contrast_hu, patient.scanner.level_step, patient.slices) for patient in group}) == 1
        )
        levels = [patient.scanner.first_level for patient in group]
        assert max(levels) - min(levels) <= 0.06
        assert len({patient.scanner for patient in group}) == 4
    assert len({patient.patient_id for patient in cohort}) == len(cohort)


def test_patient_numbers_are_shuffled_between_the_classes():
    cohort = draw_cohort(600, 0, PLAIN)
    numbers = [int(patient.patient_id[1:]) for patient in cohort]
    assert sorted(numbers) == list(range(1, len(cohort) + 1))
    assert 0.35 <= roc_auc_score([patient.true_label == "lesion" for patient in cohort], numbers) <= 0.65


@pytest.mark.parametrize("shortcut", ["marker", "scanner"])
@pytest.mark.parametrize("classes", [2, 4])
def test_a_shortcut_follows_the_label_at_the_stated_rate(shortcut, classes):
    options = PhantomOptions(classes=classes, shortcut=shortcut, shortcut_share=0.8, slices=1)
    cohort = draw_cohort(200, 1, options)
    for label in options.labels:
        carries = [patient.has_shortcut for patient in cohort if patient.true_label == label]
        assert sum(carries) / len(carries) == pytest.approx(0.2 if label == "normal" else 0.8)
    assert all(patient.marked == (patient.has_shortcut and shortcut == "marker") for patient in cohort)
    noisy = [patient.scanner.noise_hu > 45 and patient.scanner.sharpening > 0 for patient in cohort]
    assert noisy == [patient.has_shortcut and shortcut == "scanner" for patient in cohort]


@pytest.mark.parametrize("classes", [2, 4])
def test_label_noise_gives_the_stated_share_of_each_class_another_label(classes):
    options = PhantomOptions(classes=classes, label_noise=0.1, slices=1)
    for label in options.labels:
        labels = [patient.label for patient in draw_cohort(400, 1, options) if patient.true_label == label]
        assert sum(given != label for given in labels) / len(labels) == pytest.approx(0.1)
        assert set(labels) <= set(options.labels)


def test_faults_change_neither_who_is_in_the_set_nor_the_streams():
    plain, faulty = (
        draw_cohort(100, 5, PhantomOptions(**more)) for more in ({}, {"label_noise": 0.3, "shortcut": "marker"})
    )
    for one, other in zip(plain, faulty, strict=True):
        assert (one.patient_id, one.true_label, one.slices, one.scanner) == (
            other.patient_id, other.true_label, other.slices, other.scanner
        )  # fmt: skip
        assert one.stream.spawn_key == other.stream.spawn_key
