"""kNN during a run: the right figures, and the run as it would have been."""

import json
import os
import random
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from feature_toys import toy_dataset
from mmengine.hooks import IterTimerHook
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from two_processes import run_two

from vsslcodebase.engine import KNNHook
from vsslcodebase.engine.hooks import knn_hook
from vsslcodebase.evaluation import extract_features, knn_of_sets
from vsslcodebase.evaluation.labelled_loader import open_labelled
from vsslcodebase.models.necks import ProjectionNeck
from vsslcodebase.registry import HOOKS, MODELS

NAMES = [f'knn/{name}_k{k}' for k in (1, 3) for name in ('top1', 'top5')]


@MODELS.register_module(force=True)
class RandomNeck(ProjectionNeck):
    """A neck that draws from all three generators."""

    def forward(self, feats, data_samples=None):
        noise = torch.rand(()) + np.random.rand() + random.random()
        return super().forward(feats * (1 + noise), data_samples)


MODEL = dict(
    type='VideoSelfSupervisor',
    backbone=dict(type='SmallR3D', widths=(4, 6), temporal_strides=(2, 2)),
    neck=dict(
        type='RandomNeck',
        in_channels=6,
        hidden_channels=8,
        out_channels=4,
        num_hidden=1,
        norm_cfg=dict(type='BN1d'),
    ),
    head=dict(type='ContrastiveHead'),
)


@pytest.fixture
def sets(tmp_path):
    return dict(
        gallery=toy_dataset(tmp_path, 'train', (0, 1, 2) * 4),
        query=toy_dataset(tmp_path, 'test', (2, 1, 0, 1, 1)),
    )


@pytest.fixture
def run(tmp_path):
    """Train 3 epochs of 4 steps with some hooks; returns the Runner."""
    init_default_scope('vsslcodebase')
    videos = toy_dataset(tmp_path, 'pretrain', (0, 1) * 4)
    hooks = [dict(type='EpochSeedHook')]
    # what the hook draws would show, as nothing seeds the steps anew

    def train(name, *custom_hooks, **options):
        runner = Runner(
            experiment_name=f'{tmp_path.name} {name}',
            model=MODEL,
            work_dir=str(tmp_path / name),
            train_dataloader=dict(
                batch_size=2,
                num_workers=0,
                sampler=dict(type='DefaultSampler', shuffle=True),
                dataset=dict(videos, test_mode=False),
            ),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.05)),
            train_cfg=dict(type='ResumableTrainLoop', max_epochs=3),
            default_hooks=dict(logger=dict(type='LoggerHook', interval=1)),
            custom_hooks=[*hooks, *custom_hooks],
            visualizer=dict(
                type='Visualizer', vis_backends=[dict(type='LocalVisBackend')]
            ),
            randomness=dict(seed=3),
            default_scope='vsslcodebase',
            **options,
        )
        runner.train()
        return runner

    return train


def knn(sets, **options):
    return dict(
        type='KNNHook', **{**sets, 'k': (1, 3), 'progress': False, **options}
    )


def history(runner, name):
    return runner.message_hub.get_scalar(name).data[0].tolist()


def losses(runner):
    return history(runner, 'train/loss')


def written(runner):
    """Steps and figures in the visualizer's file."""
    path = Path(runner.log_dir, 'vis_data', 'scalars.json')
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [row for row in rows if 'knn/top1_k1' in row]


def plain_knn(model, sets):
    """The figures by the functions that the tools use."""
    gallery, query = (
        extract_features(model, open_labelled(n, sets[n]).loader, progress=0)
        for n in ('gallery', 'query')
    )
    return knn_of_sets(gallery, query, (1, 3))


def same(one, other):
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    ('options', 'steps'),
    [
        (dict(), [0, 4, 8, 12]),
        (dict(interval=2, at_start=False), [8, 12]),
        (dict(interval=5, by_epoch=False), [0, 5, 10, 12]),
    ],
)
def test_run_is_the_same_with_and_without(run, sets, options, steps):
    plain = run('without')
    watched = run('with', knn(sets, **options))
    same(watched.model.state_dict(), plain.model.state_dict())
    assert losses(watched) == losses(plain)
    assert [row['step'] for row in written(watched)] == steps
    found = written(watched)
    expected = plain_knn(plain.model, sets)
    assert {name: found[-1][f'knn/{name}'] for name in expected} == expected
    for name in NAMES:
        assert history(watched, name) == [row[name] for row in found]
    log = Path(watched.log_dir, f'{watched.timestamp}.log').read_text()
    figure = f'knn/top1_k1: {found[-1]["knn/top1_k1"]:.4f}'
    assert f'knn after 12 iterations  {figure}' in log
    assert '(5 videos among 12, ' in log


@pytest.mark.slow
def test_workers_of_the_hook_change_nothing(run, sets):
    loader = dict(
        batch_size=2,
        num_workers=1,
        persistent_workers=True,
        prefetch_factor=2,
        drop_last=True,
    )
    plain = run('without')
    loaders = {name: dict(loader, dataset=sets[name]) for name in sets}
    watched = run('with', knn(loaders))
    same(watched.model.state_dict(), plain.model.state_dict())
    expected = plain_knn(plain.model, sets)['top1_k3']
    assert written(watched)[-1]['knn/top1_k3'] == expected


def test_resumed_run_is_the_whole_run(run, sets):
    hooks = [dict(type='StepSeedHook'), knn(sets, interval=3, by_epoch=False)]
    whole = run('whole', *hooks)
    path = Path(whole.work_dir, 'epoch_1.pth')
    resumed = run('rest', *hooks, load_from=str(path), resume=True)
    same(resumed.model.state_dict(), whole.model.state_dict())
    assert losses(resumed) == losses(whole)
    # not at the start again; the figures before come from the checkpoint
    assert [row['step'] for row in written(resumed)] == [6, 9, 12]
    assert written(resumed) == written(whole)[-3:]
    for name in NAMES:
        assert history(resumed, name) == history(whole, name)


def stub_runner(model):
    """What the hook asks of a Runner."""
    scalars = []
    return types.SimpleNamespace(
        model=model,
        iter=0,
        timestamp='now',
        logger=types.SimpleNamespace(info=lambda text: None),
        message_hub=types.SimpleNamespace(update_scalar=lambda *args: None),
        visualizer=types.SimpleNamespace(
            add_scalars=lambda found, step, file_path: scalars.append(found)
        ),
        scalars=scalars,
    )


def built(**options):
    init_default_scope('vsslcodebase')
    torch.manual_seed(0)
    return MODELS.build({**MODEL, **options})


def test_modes_and_buffers_are_left_as_they_were(sets):
    model = built().train()
    model.backbone.stages[0].eval()  # a frozen part
    modes = [module.training for module in model.modules()]
    before = {n: b.clone() for n, b in model.named_buffers()}
    runner = stub_runner(model)
    HOOKS.build(knn(sets)).before_train(runner)
    assert len(runner.scalars) == 1
    assert [module.training for module in model.modules()] == modes
    same(dict(model.named_buffers()), before)
    assert all(p.grad is None for p in model.parameters())


def test_subsets_are_even_and_the_same_each_time(tmp_path):
    labels = [0] * 30 + [1] * 3 + [2] * 3
    sets = dict(
        gallery=toy_dataset(tmp_path, 'train', labels),
        query=toy_dataset(tmp_path, 'test', labels),
    )
    runner = stub_runner(built())
    hook = HOOKS.build(knn(sets, num_videos=9, num_queries=6, k=(9,)))
    hook.before_train(runner)
    gallery, query = (hook._opened[name] for name in ('gallery', 'query'))
    assert np.bincount(gallery.labels).tolist() == [3, 3, 3]
    assert np.bincount(query.labels).tolist() == [2, 2, 2]
    batches = [batch['data_samples'] for batch in gallery.loader]
    read = [int(s.gt_label) for batch in batches for s in batch]
    assert read == gallery.labels
    # a third of the gallery is of each class: all vote, by their cosine
    other = HOOKS.build(knn(sets, num_videos=9, num_queries=6, k=(9,)))
    other.before_train(runner)
    assert other._opened['gallery'].filenames == gallery.filenames
    assert runner.scalars[0] == runner.scalars[1]


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(interval=0), 'interval of KNNHook is a number from 1 up, got 0'),
        (dict(interval=0.5), r'got 0\.5'),
        (dict(interval=None), 'got None'),
        (dict(num_videos=0), 'num_videos of KNNHook'),
        (dict(num_queries=-3), 'num_queries .* got -3'),
        (dict(k=()), r'as k=\(20, 200\), got \(\)'),
        (dict(temperature=0), 'temperature=0'),
    ],
)
def test_unusable_options_are_refused_when_it_is_built(options, message):
    with pytest.raises(ValueError, match=message):
        KNNHook(gallery={}, query={}, **options)


@pytest.mark.parametrize(
    ('gallery', 'query', 'options', 'message'),
    [
        ((0, -1, 1), (0,), {}, r'1 of 3 videos of the gallery .*train/1\.mp4'),
        ((0, 1, 1), (0, -1), {}, r'1 of 2 videos of the query .*test/1\.mp4'),
        ((0, 1, 1), (2, 3), {}, 'classes 2, 3 and 0, 1. Are they the splits'),
        ((0, 1), (0,), {}, 'k=3 neighbours cannot be found in a gallery of 2'),
        ((0, 1, 1), (0,), dict(num_videos=2), 'in a gallery of 2'),
        ((0, 1, 2), (0,), dict(num_videos=1), '3 to 3 videos, got 1'),
        ((0, 1, 1), (0,), dict(layer='conv5'), 'has no layer'),
        ((0, 1, 1), (0,), dict(pool='mean'), 'pool must be one of'),
    ],
)
def test_sets_are_checked_before_training(
    run, tmp_path, gallery, query, options, message
):
    hook = knn(
        dict(
            gallery=toy_dataset(tmp_path, 'train', gallery),
            query=toy_dataset(tmp_path, 'test', query),
        ),
        at_start=False,
        **options,
    )
    with pytest.raises(ValueError, match=message):
        HOOKS.build(hook).before_train(stub_runner(built()))


def test_queries_of_the_gallery_are_refused(sets):
    hook = knn(dict(gallery=sets['query'], query=sets['query']))
    with pytest.raises(ValueError, match='5 queries are in the gallery'):
        HOOKS.build(hook).before_train(stub_runner(built()))


def test_a_set_for_training_is_refused(sets):
    sets['gallery']['test_mode'] = False
    with pytest.raises(ValueError, match='gallery set is for training'):
        HOOKS.build(knn(sets)).before_train(stub_runner(built()))


def test_a_missing_list_is_told(sets):
    sets['query']['ann_file'] = 'none.txt'
    with pytest.raises(FileNotFoundError, match=r'none\.txt'):
        HOOKS.build(knn(sets)).before_train(stub_runner(built()))


def test_a_model_without_a_backbone_is_told(sets):
    runner = stub_runner(torch.nn.Linear(2, 2))
    with pytest.raises(TypeError, match='a Linear has no backbone'):
        HOOKS.build(knn(sets)).before_train(runner)


def test_no_step_waits_for_data_while_the_hook_works(sets):
    timer = IterTimerHook()
    runner = stub_runner(built())
    runner.hooks, runner.max_iters, runner.train_dataloader = [timer], 9, []
    hook = HOOKS.build(knn(sets, by_epoch=False, interval=2, at_start=False))
    hook.before_train(runner)
    for runner.iter, is_reset in ((0, False), (1, True)):
        timer.t = 0.0
        hook.after_train_iter(runner, batch_idx=0)
        assert (timer.t > 0) is is_reset


def visit(rank, folder):
    """Features by statistics of this process's own, and those after."""
    path = folder / f'sets{rank}'
    path.mkdir()
    os.chdir(folder)  # mmengine gathers through a folder here
    return evaluate_with_statistics(0.1 + 0.2 * rank, path)


def evaluate_with_statistics(mean, folder):
    """Figures, features and, afterwards, running means that began so."""
    sets = dict(
        gallery=toy_dataset(folder, 'train', (*(0, 1, 2) * 4, 0)),  # odd
        query=toy_dataset(folder, 'test', (2, 1, 0, 1, 1)),
    )
    model = built()
    means = [
        buffer
        for name, buffer in model.backbone.named_buffers()
        if name.endswith('running_mean')
    ]
    for buffer in means:
        buffer.fill_(mean)
    features = []

    def watched(gallery, query, k, temperature):
        features.extend([gallery.features, query.features])
        return knn_of_sets(gallery, query, k, temperature)

    runner = stub_runner(model)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(knn_hook, 'knn_of_sets', watched)
        HOOKS.build(knn(sets)).before_train(runner)
    return runner.scalars, features, torch.cat(means)


@pytest.mark.slow
def test_two_processes_find_what_one_finds(tmp_path):
    """Each has statistics of its own, and gets them back."""
    first, second = run_two(visit, tmp_path)
    folder = tmp_path / 'alone'
    folder.mkdir()
    figures, features, _ = evaluate_with_statistics(0.2, folder)
    assert first[0] == second[0] == figures
    assert second[1] == []  # compared by the first process
    for ours, theirs in zip(first[1], features):
        torch.testing.assert_close(ours, theirs)
    assert [len(one) for one in first[1]] == [13, 5]
    assert (first[2] == 0.1).all()
    assert (second[2] == torch.tensor(0.1 + 0.2)).all()
    _, other, _ = evaluate_with_statistics(0.1, folder)
    assert not torch.allclose(other[0], features[0])  # they matter
