import dataclasses

import pytest

from vsslcodebase.datasets.motion_mini import LEVELS, Knobs, level_knobs


def test_levels_grow_harder_from_easy_to_rich():
    order = ['easy', 'demo', 'standard', 'rich']
    for knob in ('background_contrast', 'color_spread', 'grain', 'tremor'):
        values = [getattr(LEVELS[level], knob) for level in order]
        assert values == sorted(values), knob
    assert LEVELS['easy'].color_spread == 0


def test_standard_and_rich_have_the_sixteen_classes():
    names = LEVELS['rich'].motion_names
    assert LEVELS['standard'].motion_names == names
    assert names == [
        'move right',
        'move left',
        'move up',
        'move down',
        'approach',
        'recede',
        'rotate clockwise',
        'rotate counterclockwise',
        'orbit clockwise',
        'orbit counterclockwise',
        'hide',
        'emerge',
        'come together',
        'move apart',
        'speed up',
        'slow down',
    ]


def test_overrides_replace_single_knobs_only():
    knobs = level_knobs('rich', jitter=0.0, pan=0.0)
    assert (knobs.jitter, knobs.pan) == (0.0, 0.0)
    same = dataclasses.replace(knobs, jitter=0.02, pan=0.15)
    assert same == LEVELS['rich']


@pytest.mark.parametrize(
    ('knob', 'value', 'says'),
    [
        ('size', 33, 'size must be even'),
        ('size', 14, 'size must lie in 16'),
        ('num_frames', 1, 'num_frames must lie in 2'),
        ('grain', -1.0, 'grain must lie in 0'),
        ('background_contrast', 1.5, 'background_contrast must lie'),
        ('travel', (0.6, 0.4), 'travel must be .low, high.'),
        ('pairs', (), 'pairs must name some of'),
        ('pairs', ('sideways',), "got \\['sideways'\\]"),
        ('pairs', ('depth', 'depth'), 'each once'),
    ],
)
def test_bad_values_name_the_knob(knob, value, says):
    with pytest.raises(ValueError, match=says):
        level_knobs('standard', **{knob: value})


@pytest.mark.parametrize(
    ('knob', 'value'), [('size', 32.0), ('grain', 'much'), ('clutter', 1.5)]
)
def test_wrong_types_name_the_knob(knob, value):
    with pytest.raises(TypeError, match=f'{knob} must be like'):
        Knobs(**{knob: value})


def test_unknown_level_and_unknown_knob_list_the_known_ones():
    with pytest.raises(ValueError, match="'easy', 'demo', 'standard'"):
        level_knobs('hard')
    with pytest.raises(ValueError, match="unknown knobs \\['shake'\\]"):
        level_knobs('easy', shake=1)
