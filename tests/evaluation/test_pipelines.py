"""What tells two ways to read videos apart."""

from __future__ import annotations

import pytest

from vsslcodebase.evaluation.pipelines import pipeline_difference, pipeline_of

STEPS = [
    dict(type='OpenVideo', backend='pyav'),
    dict(type='SampleUniformClips', clip_len=16, num_clips=10),
    dict(type='PerClip', transforms=[dict(type='Resize', scale=(128, 171))]),
]


def test_equal_steps_do_not_differ():
    assert pipeline_difference(STEPS, STEPS) == ''
    lists = [*STEPS[:2], dict(STEPS[2])]
    lists[2]['transforms'] = [dict(type='Resize', scale=[128, 171])]
    assert pipeline_difference(STEPS, lists) == ''
    decord = [dict(type='OpenVideo', backend='decord'), *STEPS[1:]]
    assert pipeline_difference(STEPS, decord) == ''
    assert decord[0]['backend'] == 'decord'  # as it was


def test_a_difference_is_named_with_its_place():
    other = [*STEPS[:1], dict(STEPS[1], num_clips=4), STEPS[2]]
    assert pipeline_difference(STEPS, other) == (
        'pipeline.1.num_clips: 10 there, 4 now'
    )
    smaller = [*STEPS[:2], dict(type='PerClip', transforms=[])]
    assert 'pipeline.2.transforms: [{' in pipeline_difference(STEPS, smaller)
    assert pipeline_difference(STEPS, STEPS[:2]) == (
        'pipeline: OpenVideo > SampleUniformClips > PerClip there, '
        'OpenVideo > SampleUniformClips now'
    )


@pytest.mark.parametrize(
    ('dataset', 'expected'),
    [
        (dict(pipeline=STEPS), STEPS),
        (
            dict(dataset=dict(dataset=dict(pipeline=STEPS))),
            STEPS,
        ),
        (dict(type='Numbers'), None),
        (dict(dataset=None), None),
        ('train.npy', None),
        (None, None),
    ],
)
def test_the_pipeline_of_a_data_set_is_found_inside_loaders(dataset, expected):
    assert pipeline_of(dataset) is expected
