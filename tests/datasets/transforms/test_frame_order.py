import numpy as np
import pytest

from vsslcodebase.datasets.transforms import ClipFrameOrder, PerClip


@pytest.mark.parametrize(
    ('order', 'expected'),
    [
        ('played', [0, 1, 2, 3, 4]),
        ('reversed', [4, 3, 2, 1, 0]),
        ('frozen', [2, 2, 2, 2, 2]),
    ],
)
def test_orders(order, expected):
    results = ClipFrameOrder(order)(dict(imgs=[0, 1, 2, 3, 4]))
    assert results['imgs'] == expected


def test_clips_are_shuffled_independently_and_lose_nothing():
    imgs = [np.full((2, 2, 3), i, np.uint8) for i in range(24)]
    shuffle = PerClip([ClipFrameOrder('shuffled')])
    np.random.seed(0)
    shown = shuffle(dict(imgs=imgs, clip_len=12))['imgs']
    first, second = (
        [img[0, 0, 0] for img in c] for c in (shown[:12], shown[12:])
    )
    assert sorted(first) == list(range(12))
    assert sorted(second) == list(range(12, 24))
    assert first != sorted(first)
    assert [i + 12 for i in first] != second


def test_an_order_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="got 'backwards'"):
        ClipFrameOrder('backwards')
