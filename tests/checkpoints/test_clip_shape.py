"""One clip of a contract."""

import pytest
from saved_toys import contract_of

from vsslcodebase.checkpoints.clip_shape import ClipShape, clip_shape


@pytest.mark.parametrize(
    ('strides', 'expected'),
    [((2,), 2), ((4, 1, 2), 1), ((2, 4), 2), ((0.5, 3), 3)],
)
def test_of_several_strides_the_natural_one(strides, expected):
    contract = contract_of(8, 32, frame_interval=strides, width=48)
    assert clip_shape(contract) == ClipShape(8, expected, 32, 48)


def test_what_is_given_comes_first():
    contract = contract_of(None, None, frame_interval=())
    assert clip_shape(contract, 4, 3, (16, 24)) == ClipShape(4, 3, 16, 24)


def test_what_nobody_says_is_named():
    contract = contract_of(8, None, frame_interval=(0.5,))
    with pytest.raises(ValueError, match='the frame_interval, height, width'):
        clip_shape(contract)
    with pytest.raises(ValueError, match='from 1 up'):
        clip_shape(contract_of(8, 32), frame_interval=-2)
