"""The hook reads what the neck returns, and changes nothing by reading."""

from __future__ import annotations

import copy
import logging
import types

import pytest
import torch
from mmengine.visualization import Visualizer
from torch import nn
from two_processes import run_two

from vsslcodebase.engine.hooks import HealthHook
from vsslcodebase.evaluation.embedding_health import embedding_health
from vsslcodebase.models.selfsup.batch_shuffle import forward_batches

B, V, D = 8, 2, 16
BATCH = dict(data_samples=[None] * B)


class Log:
    """A logger that keeps what it is told."""

    def __init__(self):
        self.infos, self.warnings = [], []

    def info(self, text):
        self.infos.append(text)

    def warning(self, text):
        self.warnings.append(text)


@pytest.fixture
def runner(tmp_path):
    """What the hook asks a Runner for, with a neck that returns its input."""

    class Neck(nn.Module):
        def forward(self, embeddings):
            return embeddings, {}

    scalars = {}
    visualizer = types.SimpleNamespace(
        _vis_backends={},
        add_scalars=lambda values, step: scalars.update({step: values}),
    )
    return types.SimpleNamespace(
        model=types.SimpleNamespace(neck=Neck()),
        iter=0,
        rank=0,
        logger=Log(),
        visualizer=visualizer,
        scalars=scalars,
        work_dir=str(tmp_path),
    )


def step(hook, runner, *outputs, batch=BATCH):
    hook.before_train_iter(runner, 0, batch)
    for output in outputs:
        runner.model.neck(output)
    hook.after_train_iter(runner, 0, batch)
    runner.iter += 1


def randn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_scalars_are_those_of_the_embeddings_that_passed(runner):
    clips = randn(B, V, D)
    step(HealthHook(interval=1), runner, clips.flatten(0, 1))
    expected = embedding_health(clips).scalars
    assert runner.scalars[1] == {
        f'health/{name}': value for name, value in expected.items()
    }
    assert 'health at iteration 1: spread 0.2' in runner.logger.infos[0]


@pytest.mark.parametrize('groups', [1, 2])
@pytest.mark.parametrize('sequential', [False, True])
def test_clips_may_pass_in_parts(runner, sequential, groups):
    clips = randn(B, V, D)
    rows = clips.flatten(0, 1)
    parts = forward_batches(B, V, groups, sequential)
    runner.model.sequential = sequential
    step(HealthHook(interval=1), runner, *(rows[part] for part in parts))
    expected = embedding_health(clips).scalars
    assert runner.scalars[1] == {
        f'health/{name}': value for name, value in expected.items()
    }


def test_only_steps_that_are_due_are_read(runner):
    hook = HealthHook(interval=3)
    for _ in range(7):
        hook.before_train_iter(runner, 0, BATCH)
        listening = len(runner.model.neck._forward_hooks)
        assert listening == (runner.iter in (2, 5))
        copied = copy.deepcopy(runner.model.neck)
        runner.model.neck(randn(B * V, D))
        hook.after_train_iter(runner, 0, BATCH)
        assert not runner.model.neck._forward_hooks
        assert not hook._seen
        assert listening or not copied._forward_hooks
        runner.iter += 1
    assert list(runner.scalars) == [3, 6]


@pytest.mark.parametrize(
    ('outputs', 'batch'),
    [
        ([randn(4, D, 2, 2, 2)], BATCH),  # a feature map
        ([randn(B + 1, D)], BATCH),
        ([randn(B * V, D), randn(B * V, D)], BATCH),
        ([], BATCH),
        ([randn(B * V, D)], dict(inputs=[None] * B)),
    ],
)
def test_what_is_no_embedding_of_videos_is_left_alone(runner, outputs, batch):
    step(HealthHook(interval=1), runner, *outputs, batch=batch)
    assert not runner.scalars
    assert not runner.logger.warnings


def test_a_model_without_neck_is_left_alone(runner):
    del runner.model.neck
    hook = HealthHook(interval=1)
    hook.before_train_iter(runner, 0, BATCH)
    hook.after_train_iter(runner, 0, BATCH)
    assert not runner.scalars


def test_one_clip_a_video_has_no_positives(runner, tmp_path):
    step(HealthHook(interval=1, picture_every=1), runner, randn(B, D))
    assert set(runner.scalars[1]) == {
        'health/spread',
        'health/effective_rank',
        'health/uniformity',
        'health/negative_similarity',
    }
    assert (tmp_path / 'health' / 'similarities_1.png').exists()


@pytest.mark.parametrize('bad', [float('nan'), float('inf')])
def test_an_overflow_is_told_and_not_measured(runner, bad):
    embeddings = randn(B * V, D)
    embeddings[3, 2] = bad
    step(HealthHook(interval=1), runner, embeddings)
    assert not runner.scalars
    assert 'not measured' in runner.logger.infos[0]


def test_collapse_is_said_once_until_it_recovers(runner):
    hook = HealthHook(interval=1, picture_every=0)
    point = randn(1, D) + 1e-4 * randn(B * V, D, seed=1)
    for embeddings in (randn(B * V, D), point, point):
        step(hook, runner, embeddings)
    assert len(runner.logger.warnings) == 1
    said = runner.logger.warnings[0]
    assert 'collapsed to one point at iteration 2: spread' in said
    assert 'a filled sphere has 0.25' in said
    assert '8 videos x 2 clips' in said
    step(hook, runner, randn(B * V, D))
    assert 'have recovered' in runner.logger.infos[-1]
    step(hook, runner, point)
    assert len(runner.logger.warnings) == 2


def test_a_large_batch_is_cut_to_whole_videos(runner):
    clips = randn(B, V, D)
    step(HealthHook(interval=1, max_clips=7), runner, clips.flatten(0, 1))
    expected = embedding_health(clips[:3]).scalars
    assert runner.scalars[1]['health/spread'] == expected['spread']


def test_only_the_last_pictures_are_kept(runner, tmp_path):
    hook = HealthHook(interval=2, picture_every=1, keep_pictures=2)
    for _ in range(8):
        step(hook, runner, randn(B * V, D))
    names = {path.name for path in (tmp_path / 'health').iterdir()}
    assert names == {'similarities_6.png', 'similarities_8.png'}


def test_tensorboard_gets_histograms(runner, tmp_path):
    runner.visualizer = Visualizer(
        name='health',
        vis_backends=[dict(type='TensorboardVisBackend')],
        save_dir=str(tmp_path),
    )
    hook = HealthHook(interval=1, picture_every=0)
    clips = randn(B, V, D)
    step(hook, runner, clips.flatten(0, 1))
    runner.visualizer.close()
    events = read_events(tmp_path)
    expected = embedding_health(clips)
    for name in ('positive', 'negative'):
        histogram = events[f'health/{name}_similarities']
        values = getattr(expected, name)
        assert histogram.num == len(values)
        assert histogram.sum == pytest.approx(values.sum().item(), abs=1e-4)
    assert events['health/spread'] == pytest.approx(0.248, abs=0.01)


def read_events(folder):
    from tensorboard.backend.event_processing import event_accumulator

    (file,) = folder.rglob('events.out.tfevents*')
    reader = event_accumulator.EventAccumulator(str(file))
    reader.Reload()
    tags = reader.Tags()
    return {
        **{
            t: reader.Histograms(t)[0].histogram_value
            for t in tags['histograms']
        },
        **{
            t: reader.Tensors(t)[0].tensor_proto.float_val[0]
            for t in tags['tensors']
        },
        **{t: reader.Scalars(t)[0].value for t in tags['scalars']},
    }


@pytest.mark.parametrize('name', ['interval', 'keep_pictures', 'max_clips'])
def test_bad_settings_are_named(name):
    with pytest.raises(ValueError, match=f'{name} is at least'):
        HealthHook(**{name: 0})


def measure(rank, folder):
    """Measure this process's part of one batch, in parts of two sizes."""
    clips = randn(B, V, D)
    own = clips[:5] if rank == 0 else clips[5:]
    found = {}
    runner = types.SimpleNamespace(
        model=types.SimpleNamespace(neck=nn.Identity()),
        iter=0,
        rank=rank,
        logger=logging.getLogger('health'),
        visualizer=types.SimpleNamespace(
            _vis_backends={}, add_scalars=lambda s, step: found.update(s)
        ),
        work_dir=str(folder),
    )
    step(
        HealthHook(interval=1, picture_every=0),
        runner,
        own.flatten(0, 1),
        batch=dict(data_samples=[None] * len(own)),
    )
    return found


@pytest.mark.slow
def test_two_processes_measure_the_joined_batch(tmp_path):
    first, second = run_two(measure, tmp_path)
    expected = embedding_health(randn(B, V, D)).scalars
    assert first == {f'health/{k}': v for k, v in expected.items()}
    assert second == {}
