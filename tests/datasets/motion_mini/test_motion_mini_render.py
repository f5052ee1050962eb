import numpy as np
import pytest

from vsslcodebase.datasets.motion_mini import (
    LEVELS,
    MOTION_PAIRS,
    VideoPlan,
    level_knobs,
    plan_split,
    render_video,
)

PLAIN = level_knobs(
    'easy',
    size=32,
    num_frames=12,
    background_contrast=0.0,
    pairs=tuple(MOTION_PAIRS),
)


def plan_of(pair, scene_seed=(0, 0, 5), knobs=PLAIN, **changes):
    motion = 2 * knobs.pairs.index(pair)
    plan = VideoPlan(0, 'train', motion, 2, 3, 1, scene_seed, pair)
    return plan._replace(**changes)


def foreground(video):
    """How far each pixel is from the grey of a scene without contrast."""
    away = np.abs(video.astype(float) - video[0, 0, 0]).sum(axis=3)
    return away * (away > 12)


def centroids(video):
    mass = foreground(video)
    y, x = np.mgrid[0 : video.shape[1], 0 : video.shape[2]] + 0.5
    total = mass.sum(axis=(1, 2))
    return (
        np.stack([(mass * x).sum((1, 2)), (mass * y).sum((1, 2))], 1)
        / (total[:, None])
    )


@pytest.mark.parametrize('level', LEVELS)
def test_every_class_renders_reproducibly(level):
    knobs = level_knobs(level, size=32, num_frames=8)
    for plan in plan_split('val', 2 * len(knobs.pairs), knobs, seed=0):
        video = render_video(plan, knobs)
        assert video.shape == (8, 32, 32, 3)
        assert video.dtype == np.uint8
        np.testing.assert_array_equal(video, render_video(plan, knobs))
        assert np.abs(np.diff(video.astype(int), axis=0)).max() > 10


@pytest.mark.parametrize('level', LEVELS)
def test_twins_are_the_same_frames_in_reverse_order(level):
    knobs = level_knobs(level, size=32, num_frames=8)
    plans = plan_split('test', 4 * len(knobs.pairs), knobs, seed=0)
    for forward, backward in zip(plans[::2], plans[1::2]):
        np.testing.assert_array_equal(
            render_video(forward, knobs), render_video(backward, knobs)[::-1]
        )


@pytest.mark.parametrize(
    ('pair', 'way'),
    [
        ('horizontal', (1, 0)),
        ('vertical', (0, -1)),
        ('diagonal', (1, -1)),
        ('antidiagonal', (-1, -1)),
    ],
)
def test_object_moves_as_its_class_says(pair, way):
    where = centroids(render_video(plan_of(pair), PLAIN))
    steps = np.diff(where[1:-1], axis=0)  # whole object in view
    assert np.all(steps * way >= -0.2)
    assert (steps.sum(axis=0) * way)[np.abs(way) == 1].min() > 5


def test_growing_and_hiding_change_the_visible_area():
    area = {
        pair: (foreground(render_video(plan_of(pair), PLAIN)) > 0).sum((1, 2))
        for pair in ('depth', 'occlusion', 'horizontal')
    }
    assert area['depth'][-1] > 2 * area['depth'][0]
    # the panel stays; the object is gone: fewer coloured pixels
    assert area['occlusion'][-1] < 0.8 * area['occlusion'][0]
    assert np.ptp(area['horizontal']) < 0.4 * area['horizontal'].mean()


def test_hidden_object_is_gone_and_the_panel_is_still_there():
    video = render_video(plan_of('occlusion'), PLAIN).astype(int)
    redness = (video[..., 0] - video[..., 2]).max(axis=(1, 2))
    assert redness[0] > 60  # the shared object colours are red and yellow
    assert redness[-1] < 30
    assert foreground(video)[-1].max() > 20


def test_without_camera_and_film_only_the_object_changes():
    knobs = level_knobs(
        'rich',
        size=64,
        num_frames=8,
        jitter=0,
        pan=0,
        tremor=0,
        light=0,
        grain=0,
    )
    video = render_video(plan_of('rotation', knobs=knobs), knobs)
    moving = np.ptp(video, axis=0).max(axis=2) > 0
    assert 0.01 < moving.mean() < 0.25


@pytest.mark.parametrize('knob', ['jitter', 'pan'])
def test_camera_moves_the_whole_scene(knob):
    knobs = level_knobs(
        'standard',
        size=64,
        num_frames=8,
        background_contrast=1.0,
        tremor=0,
        light=0,
        grain=0,
        **{knob: 0.2},
    )
    video = render_video(plan_of('rotation', knobs=knobs, scene=2), knobs)
    assert (np.ptp(video, axis=0).max(axis=2) > 0).mean() > 0.3


def test_turning_one_knob_leaves_the_rest_as_it_was():
    base = render_video(plan_of('horizontal'), PLAIN)
    other = level_knobs(
        'easy',
        size=32,
        num_frames=12,
        background_contrast=0.5,
        pairs=PLAIN.pairs,
    )
    changed = render_video(plan_of('horizontal', scene=5), other)
    opaque = foreground(base) > 250  # inside the object
    assert opaque.sum() > 50
    # within 2 grey levels: where the sprite covers not quite everything
    np.testing.assert_allclose(base[opaque], changed[opaque], atol=2)


def test_second_object_and_panel_stand_still_in_every_class():
    knobs = level_knobs(
        'easy',
        size=64,
        num_frames=8,
        second_object=1.0,
        panel=1.0,
        background_contrast=0.0,
        pairs=PLAIN.pairs,
    )
    for pair in ('horizontal', 'rotation', 'distance'):
        plan = plan_of(pair, scene_seed=(0, 0, 8))
        with_both = render_video(plan, knobs)
        without = render_video(
            plan,
            level_knobs(
                'easy',
                size=64,
                num_frames=8,
                background_contrast=0.0,
                pairs=PLAIN.pairs,
            ),
        )
        added = np.abs(with_both.astype(int) - without).max(axis=3) > 0
        assert added.mean() > 0.03
        # where the moving object is not in the way, they are still
        still = np.ptp(without, axis=0).max(axis=2) == 0
        assert np.ptp(with_both, axis=0).max(axis=2)[still].max() == 0


def test_mirroring_occurs_in_half_of_the_videos():
    knobs = level_knobs(
        'easy', size=32, num_frames=2, mirror=True, background_contrast=0.0
    )
    plain = level_knobs(
        'easy', size=32, num_frames=2, mirror=False, background_contrast=0.0
    )
    same = []
    for n in range(40):
        plan = plan_of('horizontal', (0, 0, n), plain, appearance=0)
        same.append(
            np.array_equal(
                render_video(plan, knobs), render_video(plan, plain)
            )
        )
    assert 10 <= sum(same) <= 30


def test_easy_videos_share_their_colours_and_rich_ones_do_not():
    spread = {}
    for level in ('easy', 'rich'):
        knobs = level_knobs(level, size=32, num_frames=2)
        plans = plan_split('train', 40, knobs, seed=0)
        means = [render_video(p, knobs)[0].mean(axis=(0, 1)) for p in plans]
        spread[level] = np.std(means, axis=0).mean()
    assert spread['rich'] > 4 * spread['easy']
