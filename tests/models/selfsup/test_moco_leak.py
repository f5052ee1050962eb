"""What BatchNorm tells a network of who belongs together, and shuffling."""

import pytest
from bn_leak import tell_apart

ALL = slice(None)


def test_without_shuffling_statistics_alone_tell_the_positives():
    accuracy, gap = tell_apart(ALL, shuffle_bn=False, bn_groups=8)
    assert accuracy == 1
    assert gap == pytest.approx(1, abs=0.1)


def test_with_shuffling_they_hardly_do():
    # Of a key's company of 16 clips an eighth is still of the query's, and
    # so is the key itself: a cosine of about 0.18, where the 64 companies of
    # earlier steps have 0 with a deviation of 1 / sqrt(32) = 0.18.
    accuracy, gap = tell_apart(ALL, shuffle_bn=True, bn_groups=8)
    assert accuracy < 0.15
    assert gap == pytest.approx(1 / 16 + 15 / 16 / 8, abs=0.06)


def test_one_group_in_one_process_leaks_whether_shuffled_or_not():
    for shuffle in (False, True):
        assert tell_apart(ALL, shuffle_bn=shuffle) == pytest.approx(
            (1, 1), abs=0.1
        )
