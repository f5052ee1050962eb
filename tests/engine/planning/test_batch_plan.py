"""A recipe's batch on other GPUs, by hand."""

import pytest

from vsslcodebase.engine.launch import load_config
from vsslcodebase.engine.planning import Recipe, plan_batches, read_recipe

PLAIN = Recipe(batch=64, per_gpu=8, num_clips=4, lr=0.4)
CONTRAST = Recipe(batch=512, per_gpu=16, num_clips=2, lr=2, whole_batch=True)
MOCO = Recipe(
    batch=64, per_gpu=8, num_clips=4, lr=0.1, queue_size=65536, bn_groups=1
)


def test_the_recipe_itself_is_left_alone():
    plan = plan_batches(PLAIN, num_gpus=8, most_videos=100)
    assert (plan.per_gpu, plan.accumulation, plan.lr) == (8, 1, 0.4)
    assert plan.warnings == []


def test_fewer_gpus_with_room_take_more_videos_each():
    plan = plan_batches(PLAIN, num_gpus=2, most_videos=32)
    assert (plan.per_gpu, plan.accumulation, plan.step) == (32, 1, 64)
    assert plan.lr == 0.4


def test_without_room_batches_are_accumulated():
    plan = plan_batches(PLAIN, num_gpus=2, most_videos=9)
    assert (plan.per_gpu, plan.accumulation, plan.step) == (8, 4, 64)
    assert plan.lr == 0.4
    assert '4 batches are accumulated' in plan.warnings[0]


def test_more_gpus_than_the_batch_divides_by():
    plan = plan_batches(PLAIN, num_gpus=12, most_videos=100)
    assert plan.per_gpu == 6
    assert plan.step == 72
    assert plan.lr == pytest.approx(0.4 * 72 / 64)
    assert '72 videos a step, not 64' in plan.warnings[0]


def test_negatives_are_not_had_by_accumulation():
    plan = plan_batches(CONTRAST, num_gpus=8, most_videos=25)
    assert (plan.per_gpu, plan.accumulation) == (24, 1)
    assert plan.lr == pytest.approx(2 * 192 / 512)
    assert any('compares 192 videos' in line for line in plan.warnings)
    tight = plan_batches(CONTRAST, num_gpus=8, most_videos=5)
    assert tight.per_gpu == 5


def test_batchnorm_of_all_gpus_or_of_each():
    here = dict(num_gpus=2, most_videos=9)
    each = plan_batches(PLAIN, **here).warnings
    assert not any('BatchNorm sees' in line for line in each)
    synchronised = Recipe(64, 8, 4, 0.4, synchronised=True)
    lines = plan_batches(synchronised, **here).warnings
    assert 'BatchNorm sees 16 videos at a time, not 64' in lines


def test_the_queue_is_shorter_than_the_videos():
    kept = plan_batches(MOCO, 8, 100, num_videos=240_000)
    assert kept.queue_size == 65536
    assert kept.warnings == []
    small = plan_batches(MOCO, 8, 100, num_videos=9537)
    assert small.queue_size == 8192  # a power of two below 4 x 9537 / 4
    assert '8192 keys, not 65536' in small.warnings[0]
    tiny = plan_batches(MOCO, 8, 100, num_videos=100)
    assert tiny.queue_size == 8 * 8 * 4  # a batch of keys at least


def test_one_gpu_shuffles_among_parts_of_itself():
    plan = plan_batches(MOCO, num_gpus=1, most_videos=64)
    assert plan.per_gpu == 64
    assert plan.bn_groups == 8
    assert any('8 companies of 8 videos' in line for line in plan.warnings)
    tight = plan_batches(MOCO, num_gpus=1, most_videos=8)
    assert tight.bn_groups == 4  # of 2 videos: better than none
    assert any('fewer than 8' in line for line in tight.warnings)
    single = plan_batches(MOCO, num_gpus=1, most_videos=1)
    assert single.bn_groups == 1


def test_pairs_of_a_gpu_are_counted():
    pairs = Recipe(64, 8, 4, 0.25, on_gpu=True)
    lines = plan_batches(pairs, num_gpus=2, most_videos=4).warnings
    assert any('1 in 4 are of one video, not 1 in 8' in x for x in lines)


def test_nothing_fits():
    with pytest.raises(ValueError, match='not even one video'):
        plan_batches(PLAIN, 8, 0)


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        (
            'corp/corp_m_r3d50_ssv2',
            Recipe(64, 8, 4, 0.25, on_gpu=True, synchronised=True),
        ),
        (
            'corp/corp_f_r3d50_ssv2',
            Recipe(512, 16, 2, 2.0, whole_batch=True, synchronised=True),
        ),
        (
            'ltn/ltn_moco-rho4_slow50_ucf101',
            Recipe(64, 8, 4, 0.1, queue_size=65536, bn_groups=1),
        ),
        ('pace/pace_r2plus1d10_ucf101', Recipe(30, 30, 1, 1e-3)),
        (
            'pace/pace_same-context_r2plus1d10_ucf101',
            Recipe(30, 30, 2, 1e-3, whole_batch=True),
        ),
    ],
)
def test_recipes_of_our_configs(name, expected):
    assert read_recipe(load_config(f'configs/{name}.py')) == expected


def test_what_a_config_has_to_say():
    with pytest.raises(ValueError, match='base_batch_size'):
        read_recipe(dict(train_dataloader={}))
