import itertools

import numpy as np
import pytest

from vsslcodebase.datasets.motion_mini import level_knobs, plan_split
from vsslcodebase.datasets.motion_mini.plan import num_instances

KNOBS = level_knobs('standard')
KINDS = ('motion', 'appearance', 'scene')


def labels_of(plans, *kinds):
    return [tuple(getattr(plan, kind) for kind in kinds) for plan in plans]


def counts(plans, *kinds):
    _, count = np.unique(labels_of(plans, *kinds), axis=0, return_counts=True)
    return count


@pytest.mark.parametrize('split', ['train', 'val', 'test'])
def test_any_two_labels_are_independent(split):
    """128 videos of 16 classes: every pair of labels meets equally often."""
    plans = plan_split(split, 256, KNOBS, seed=3)
    for a, b in itertools.combinations(KINDS, 2):
        count = counts(plans, a, b)
        assert len(count) == (64 if a == 'appearance' else 128)
        assert count.min() == count.max(), (a, b)


def test_a_full_grid_holds_every_combination_once():
    plans = plan_split('train', 1024, KNOBS, seed=0)
    assert len(set(labels_of(plans, *KINDS))) == 1024


@pytest.mark.parametrize('num_videos', [16, 100, 1000])
def test_any_length_is_nearly_balanced(num_videos):
    plans = plan_split('train', num_videos, KNOBS, seed=0)
    assert len(plans) == num_videos
    for kind in KINDS:
        count = counts(plans, kind)
        assert count.max() - count.min() <= 1, kind


def test_eight_straight_directions_are_balanced_too():
    plans = plan_split('train', 64, level_knobs('easy'), seed=0)
    for a, b in itertools.combinations(KINDS, 2):
        assert set(counts(plans, a, b)) == {1}


def test_order_of_the_list_says_nothing_about_labels():
    plans = plan_split('train', 1024, KNOBS, seed=0)
    motions = np.array(labels_of(plans, 'motion'))[:, 0]
    for half in (motions[:512], motions[512:]):
        assert np.bincount(half, minlength=16).min() > 16
    assert abs(np.corrcoef(motions[:-1], motions[1:])[0, 1]) < 0.1


@pytest.mark.parametrize('split', ['val', 'test'])
def test_twins_differ_in_direction_only(split):
    plans = plan_split(split, 32, KNOBS, seed=1, first_id=100)
    for forward, backward in zip(plans[::2], plans[1::2]):
        assert (forward.reversed, backward.reversed) == (False, True)
        assert backward.motion == forward.motion + 1
        assert forward.twin == backward.video_id
        assert backward.twin == forward.video_id
        same = forward._replace(
            video_id=backward.video_id,
            motion=backward.motion,
            twin=backward.twin,
        )
        assert same == backward


def test_train_videos_have_no_twin_and_no_scene_twice():
    plans = plan_split('train', 64, KNOBS, seed=1)
    assert {plan.twin for plan in plans} == {-1}
    assert len({plan.scene_seed for plan in plans}) == 64


def test_pair_names_belong_to_the_motion_labels():
    for plan in plan_split('train', 64, KNOBS, seed=1):
        assert plan.pair == KNOBS.pairs[plan.motion // 2]


def test_splits_share_neither_scenes_nor_sprites():
    splits = {
        split: plan_split(split, 512, KNOBS, seed=0)
        for split in ('train', 'val', 'test')
    }
    for a, b in itertools.combinations(splits.values(), 2):
        assert not {p.scene_seed for p in a} & {p.scene_seed for p in b}
        sprites = [
            {p.instance_of(i, KNOBS.instances) for p in x for i in range(3)}
            for x in (a, b)
        ]
        assert not sprites[0] & sprites[1]


def test_instances_stay_within_their_split():
    plans = plan_split('val', 512, KNOBS, seed=0)
    numbers = {p.instance_of(2, KNOBS.instances)[1] for p in plans}
    assert numbers == set(range(num_instances('val', KNOBS.instances)))
    assert num_instances('val', 32) == 8
    assert num_instances('test', 1) == 1


def test_scenes_of_val_do_not_depend_on_the_length_of_train():
    one = plan_split('val', 8, KNOBS, seed=0, first_id=10)
    two = plan_split('val', 8, KNOBS, seed=0, first_id=1000)
    assert [p.scene_seed for p in one] == [p.scene_seed for p in two]
    assert labels_of(one, *KINDS) == labels_of(two, *KINDS)


def test_another_seed_shuffles_otherwise():
    one, two = (plan_split('train', 64, KNOBS, seed=s) for s in (0, 1))
    assert labels_of(one, *KINDS) != labels_of(two, *KINDS)


def test_odd_number_of_twins_is_an_error():
    with pytest.raises(ValueError, match=r'val needs an even number .* got 3'):
        plan_split('val', 3, KNOBS, seed=0)
    with pytest.raises(ValueError, match='got -1'):
        plan_split('train', -1, KNOBS, seed=0)
