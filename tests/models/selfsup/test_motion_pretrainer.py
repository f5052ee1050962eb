"""Progressive training of HCML: what learns, and what stays as it is."""

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from motion_toys import (
    BACKBONE,
    FRAMES,
    MOTION_HEAD,
    SIZE,
    TRAINED,
    ClipDataset,
    build,
    clip_batch,
    pretrainer_config,
)

LEVELS = (0, 1, 2)


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('vsslcodebase')


def run_stage(folder, level, checkpoint=None):
    """Train a stage for a few steps; return weights before and after."""
    runner = Runner(
        model=pretrainer_config(level),
        work_dir=str(folder),
        train_dataloader=dict(
            batch_size=4,
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=True),
            dataset=ClipDataset(),
        ),
        val_dataloader=dict(
            batch_size=3,
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=False),
            dataset=ClipDataset(),
        ),
        train_cfg=dict(by_epoch=True, max_epochs=2),
        val_cfg=dict(),
        val_evaluator=dict(type='MotionMetric'),
        optim_wrapper=dict(
            optimizer=dict(
                type='SGD', lr=0.05, momentum=0.9, weight_decay=0.01
            )
        ),
        load_from=checkpoint,
        default_scope='vsslcodebase',
        experiment_name=f'stage{level}',
        randomness=dict(seed=0),
    )
    at_start = KeepFirstState()
    runner.register_hook(at_start)
    runner.train()
    return runner, at_start.state


class KeepFirstState(Hook):
    """Copy what the training begins with."""

    def before_train(self, runner):
        state = runner.model.state_dict()
        self.state = {k: v.clone() for k, v in state.items()}


@pytest.mark.slow
def test_stages_move_their_own_weights_and_no_others(tmp_path):
    checkpoint, last = None, None
    for level in LEVELS:
        runner, before = run_stage(
            tmp_path / f'stage{level}', level, checkpoint
        )
        if last is not None:  # it begins where the last one has ended
            assert all(torch.equal(before[k], v) for k, v in last.items())
        last = runner.model.state_dict()
        for name, value in last.items():
            moved = not torch.equal(value, before[name])
            assert moved == name.startswith(TRAINED[level]), name
        checkpoint = str(tmp_path / f'stage{level}' / 'epoch_2.pth')
        metric = 'photometric' if level == 0 else f'motion{level}_acc'
        assert f'val/motion/{metric}' in runner.message_hub.log_scalars


@pytest.mark.parametrize('level', LEVELS)
def test_frozen_is_in_eval_mode_and_without_gradient(level):
    model = build(pretrainer_config(level))
    for _ in range(2):
        model.train()
        for name, module in model.named_modules():
            if isinstance(module, torch.nn.BatchNorm3d):
                own = name.startswith(TRAINED[level])
                assert module.training == own, name
        model.eval()
    trained = {n for n, p in model.named_parameters() if p.requires_grad}
    assert trained == {
        n for n, _ in model.named_parameters() if n.startswith(TRAINED[level])
    }


@pytest.mark.parametrize('level', LEVELS)
def test_every_trained_parameter_gets_a_gradient(level):
    model = build(pretrainer_config(level)).train()
    data = model.data_preprocessor(clip_batch(clips=2), training=True)
    losses = model(**data, mode='loss')
    total, _ = model.parse_losses(losses)
    total.backward()
    for name, parameter in model.named_parameters():
        assert (parameter.grad is not None) == name.startswith(TRAINED[level])


def test_network_runs_no_further_than_the_level():
    model = build(pretrainer_config(1)).train()
    for unused in (
        model.backbone.motion_blocks['1'].fuse,
        model.backbone.backbone.stages[3],
    ):
        unused.register_forward_hook(
            lambda *_: pytest.fail('ran beyond the level')
        )
    data = model.data_preprocessor(clip_batch())
    assert 'loss_motion1' in model(**data, mode='loss')


def test_reconstruction_sees_the_pictures_of_the_batch(monkeypatch):
    model = build(pretrainer_config(0)).train()
    seen = []
    real = model.motion_head.loss

    def spy(motion, data_samples, frames, level):
        seen.append(frames)
        return real(motion, data_samples, frames, level)

    monkeypatch.setattr(model.motion_head, 'loss', spy)
    batch = clip_batch(2, clips=2)
    data = model.data_preprocessor(batch)
    model(**data, mode='loss')
    pictures = torch.stack(batch['inputs']).flatten(0, 1) / 255
    assert seen[0].shape == (4, 3, FRAMES, SIZE, SIZE)
    torch.testing.assert_close(seen[0], pictures, atol=1e-6, rtol=1e-6)


def test_modes():
    model = build(pretrainer_config(2)).eval()
    data = model.data_preprocessor(clip_batch(3, clips=2))
    maps = model(data['inputs'])
    clips = data['inputs'].flatten(0, 1)
    assert torch.equal(maps, model.backbone(clips))
    samples = model(**data, mode='predict')
    losses = model(**data, mode='loss')
    for sample in samples:
        assert sample.motion_scores.keys() == losses.keys()
        assert sample.motion_scores['loss_motion2'] == pytest.approx(
            losses['loss_motion2'].item()
        )


def test_levels_below_may_learn_too():
    head = dict(MOTION_HEAD, flow_level=1, contrast_levels=())
    cfg = pretrainer_config(1, motion_head=head, with_below=True)
    model = build(cfg).train()
    data = model.data_preprocessor(clip_batch())
    losses = model(**data, mode='loss')
    losses['loss_reconstruct'].backward()
    got = {n for n, p in model.named_parameters() if p.grad is not None}
    wanted = {
        name
        for name, _ in model.named_parameters()
        if name.startswith((*TRAINED[0], *TRAINED[1]))
    }
    assert got == wanted
    assert got == {n for n, p in model.named_parameters() if p.requires_grad}


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (
            dict(backbone=dict(BACKBONE, levels=(0,))),
            r'levels \[0, 1, 2\].*those of \[0\]',
        ),
        (dict(level=3), 'level 3 has no loss'),
        (
            dict(motion_head=dict(MOTION_HEAD, contrast_levels=(1,)), level=2),
            'level 2 has no loss',
        ),
        (dict(backbone=dict(type='SmallR3D')), 'SmallR3D has no motion'),
        (dict(backbone=dict(BACKBONE, levels=())), 'one level or more'),
    ],
)
def test_bad_arguments_are_told(options, message):
    with pytest.raises(ValueError, match=message):
        build(pretrainer_config(**(dict(level=0) | options)))
