"""HCML's losses of motion, level by level."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmaction.structures import ActionDataSample
from mmengine.logging import MMLogger
from oracles import contrastive as oracle

from vsslcodebase.models import MotionHierarchyHead
from vsslcodebase.models.heads.motion_future import contrast_future
from vsslcodebase.models.layers import MotionPredictor

CHANNELS = (3, 4, 5)
SHAPES = {0: (8, 6, 6), 1: (4, 3, 3), 2: (4, 2, 2)}


def make_head(**options):
    torch.manual_seed(0)
    settings = dict(
        motion_channels=CHANNELS,
        flow_channels=(4, 4),
        hidden_channels=8,
        num_steps=2,
        num_positions=4,
    )
    return MotionHierarchyHead(**(settings | options))


def make_motion(clips=2, shapes=SHAPES):
    torch.manual_seed(1)
    return {
        level: torch.randn(clips, CHANNELS[level], *shape).requires_grad_()
        for level, shape in shapes.items()
    }


def make_frames(clips=2, frames=8, size=12):
    generator = torch.Generator().manual_seed(2)
    return torch.rand(clips, 3, frames, size, size, generator=generator)


class ConstantFlow(torch.nn.Module):
    """Everything moves the same way."""

    def __init__(self, u, v):
        super().__init__()
        self.flow = torch.tensor([u, v], dtype=torch.float)

    def forward(self, maps):
        size = (len(maps), 2, *maps.shape[2:])
        return self.flow[:, None, None].expand(size)


def contrast_by_loops(predictor, upper, lower, positions, temperature):
    """Write down predictions and targets place by place (Eq. 2 and A.2)."""
    clips, _, frames, _, width = lower.shape
    up = F.interpolate(upper, size=lower.shape[2:]).numpy()
    low = lower.numpy()
    losses, hits = [], []
    for delta in range(1, predictor.num_steps + 1):
        predicted, targets = [], []
        # the last frame, of index frames - 1, is no target
        times = range(frames - 1 - delta)
        for clip in range(clips):
            for position in positions[clip].tolist():
                y, x = divmod(position, width)
                for t in times:
                    values = np.concatenate(
                        [up[clip, :, t, y, x], low[clip, :, t, y, x]]
                    )
                    out = torch.from_numpy(values)
                    out = predictor.steps(predictor.hidden(out).relu())
                    out = out.detach().numpy().reshape(-1, low.shape[1])
                    predicted.append(out[delta - 1])
                    targets.append(low[clip, :, t + delta, y, x])
        predicted, targets = np.stack(predicted), np.stack(targets)
        losses.append(
            oracle.motion_contrast(
                predicted[None, None], targets[None, None], temperature
            )
        )
        similarity = oracle.unit(predicted) @ oracle.unit(targets).T
        nearest = similarity.argmax(1) == np.arange(len(similarity))
        hits.append(nearest.mean())
    return np.mean(losses), hits


def test_contrast_is_that_of_the_loop():
    torch.manual_seed(0)
    predictor = MotionPredictor(7, 3, num_steps=3, hidden_channels=8)
    upper, lower = torch.randn(2, 4, 3, 3, 2), torch.randn(2, 3, 6, 6, 4)
    positions = torch.tensor([[0, 23, 10, 5, 7], [1, 2, 22, 13, 9]])
    loss, accuracies, chance = contrast_future(
        predictor, upper, lower, positions, 0.2
    )
    expected, hits = contrast_by_loops(predictor, upper, lower, positions, 0.2)
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    assert accuracies.tolist() == pytest.approx(hits)
    sizes = [2 * 5 * times for times in (4, 3, 2)]
    assert chance == pytest.approx(np.mean([1 / size for size in sizes]))


def test_negatives_are_those_of_the_paper(monkeypatch):
    """(N-1)T' spatial, T'-1 temporal, (B-1)NT' of other clips."""
    import vsslcodebase.models.heads.motion_future as module

    clips, num_positions, frames = 3, 5, 8
    # what a feature is of: clip, time and position
    lower = torch.stack(
        torch.meshgrid(
            torch.arange(clips),
            torch.arange(frames),
            torch.arange(16),
            indexing='ij',
        )
    )
    lower = lower.transpose(0, 1).unflatten(-1, (4, 4)).float()
    seen = []
    real = module.motion_contrast

    def spy(predicted, target, temperature):
        seen.append(target)
        return real(predicted, target, temperature)

    monkeypatch.setattr(module, 'motion_contrast', spy)
    positions = torch.stack([torch.randperm(16) for _ in range(clips)])
    contrast_future(
        MotionPredictor(5, 3, num_steps=3),
        torch.zeros(clips, 2, 4, 2, 2),
        lower,
        positions[:, :num_positions],
        0.07,
    )
    for delta, targets in enumerate(seen, start=1):
        clip, time, position = targets.flatten(0, 2).T
        times = frames - 1 - delta
        assert time.unique().tolist() == [*range(delta, frames - 1)]
        one = 0  # any of them
        same_clip, same_place = clip == clip[one], position == position[one]
        negative = torch.arange(len(clip)) != one
        spatial = same_clip & ~same_place
        temporal = negative & same_clip & same_place
        assert spatial.sum() == (num_positions - 1) * times
        assert temporal.sum() == times - 1
        assert (~same_clip).sum() == (clips - 1) * num_positions * times


def test_stage_loss_is_that_of_drawn_positions():
    head = make_head(num_positions=50)
    motion = make_motion(shapes={0: (8, 4, 4), 1: (4, 2, 2)})
    out = head.loss(motion, level=1)
    # all 16 positions of both clips, whose order does not matter
    expected, hits = contrast_by_loops(
        head.predictors['1'],
        motion[1].detach(),
        motion[0].detach(),
        torch.arange(16).expand(2, 16),
        0.07,
    )
    assert out['loss_motion1'].item() == pytest.approx(expected, rel=1e-5)
    assert out['motion1_acc_step1'].item() == pytest.approx(hits[0])
    assert out['motion1_acc_step2'].item() == pytest.approx(hits[1])
    assert out['motion1_acc'].item() == pytest.approx(np.mean(hits))
    assert out['motion1_chance'].item() == pytest.approx(
        (1 / (32 * 6) + 1 / (32 * 5)) / 2
    )


def test_positions_differ_in_training_and_not_in_validation():
    head, motion = make_head(), make_motion()

    def value():
        return head.loss(motion, level=1)['loss_motion1'].item()

    assert value() != value()
    head.eval()
    assert value() == value()


def test_validation_leaves_the_random_numbers_of_training_alone():
    head, motion = make_head().eval(), make_motion()
    before = torch.get_rng_state()
    head.loss(motion, level=1)
    assert torch.equal(torch.get_rng_state(), before)


def test_joint_losses_are_the_weighted_ones_of_the_stages():
    head, motion = make_head().eval(), make_motion()
    frames = make_frames()
    joint = head.loss(motion, None, frames)
    weights = dict(loss_reconstruct=15.0, loss_motion1=0.25, loss_motion2=0.25)
    names = set()
    for level in (0, 1, 2):
        alone = head.loss(motion, None, frames, level)
        names |= set(alone)
        for name, value in alone.items():
            torch.testing.assert_close(
                joint[name], weights.get(name, 1) * value
            )
    assert set(joint) == names
    assert {name for name in joint if 'loss' in name} == set(weights)


def test_contrast_reaches_the_level_its_condition_and_the_predictor():
    head, motion = make_head(), make_motion()
    head.loss(motion, level=2)['loss_motion2'].backward()
    assert motion[0].grad is None
    for level in (1, 2):
        # the condition is of times before the last two frames
        by_time = motion[level].grad.abs().sum((0, 1, 3, 4))
        assert (by_time[:2] > 0).all()
        assert (by_time[2:] == 0).all()
    for name, parameter in head.named_parameters():
        trained = name.startswith('predictors.2.')
        assert (parameter.grad is not None) == trained


def test_reconstruction_reaches_all_maps_with_a_next_frame():
    head, motion = make_head(), make_motion()
    head.loss(motion, frames=make_frames(), level=0)[
        'loss_reconstruct'
    ].backward()
    by_time = motion[0].grad.abs().sum((0, 1, 3, 4))
    assert (by_time[:-1] > 0).all()
    assert by_time[-1] == 0
    assert all(
        (p.grad is not None) == name.startswith('flow_estimator.')
        for name, p in head.named_parameters()
    )


@pytest.mark.parametrize('shape', [(8, 6, 6), (4, 6, 6), (2, 3, 4)])
def test_frames_come_to_the_size_of_the_maps(shape):
    head = make_head()
    head.flow_estimator = ConstantFlow(0, 0)
    frames = make_frames(frames=8, size=12)
    out = head.loss(make_motion(shapes={0: shape}), None, frames, 0)
    shown = frames[:, :, :: 8 // shape[0]]
    blocks = (12 // shape[1], 12 // shape[2])
    small = shown.unfold(3, blocks[0], blocks[0])
    small = small.unfold(4, blocks[1], blocks[1]).mean((-1, -2))
    change = (small[:, :, 1:] - small[:, :, :-1]).square() + 1e-6
    torch.testing.assert_close(out['photometric'], (change**0.45).mean())
    assert out['valid_share'] == 1
    assert out['flow_speed'] == 0


def test_a_move_to_the_right_is_explained_by_positive_u():
    frames = torch.rand(1, 3, 1, 8, 24).repeat_interleave(2, -1)
    frames = torch.cat(
        [frames.roll(2 * t, -1) for t in range(4)], 2
    ).repeat_interleave(2, -2)  # blocks of 2x2, so one pixel of the map
    head = make_head()
    motion = make_motion(1, {0: (4, 8, 24)})
    values = {}
    for flow in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        head.flow_estimator = ConstantFlow(*flow)
        out = head.loss(motion, None, frames, 0)
        values[flow] = out['photometric'].item()
        assert out['flow_speed'] == 1
    assert values[1, 0] == pytest.approx(0.001995, abs=1e-5)
    assert min(v for k, v in values.items() if k != (1, 0)) > 0.1


def test_total_of_the_reconstruction():
    head = make_head(smoothness=0.3, photo_norm='all')
    head.flow_estimator = ConstantFlow(1, 0)
    out = head.loss(make_motion(), None, make_frames(), 0)
    # a constant flow is not free: four penalties of zero
    assert out['smoothness'].item() == pytest.approx(0.007981, abs=1e-6)
    assert out['valid_share'].item() == pytest.approx(5 / 6)
    assert out['loss_reconstruct'].item() == pytest.approx(
        (out['photometric'] + 0.3 * out['smoothness']).item()
    )
    valid = make_head(photo_norm='valid')
    valid.flow_estimator = head.flow_estimator
    by_valid = valid.loss(make_motion(), None, make_frames(), 0)
    torch.testing.assert_close(
        out['photometric'], by_valid['photometric'] * 5 / 6
    )


def test_flow_out_of_the_frame_is_told_once(caplog):
    head = make_head()
    head.flow_estimator = ConstantFlow(5, 0)
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    for _ in range(120):
        head.loss(make_motion(), None, make_frames(), 0)
    (record,) = caplog.records
    assert '83 % of the pixels' in record.getMessage()


def test_flow_in_the_frame_is_not_told(caplog):
    head = make_head()
    head.flow_estimator = ConstantFlow(2, 0)  # 4 of 6 columns stay
    MMLogger.get_current_instance().addHandler(caplog.handler)
    head.loss(make_motion(), None, make_frames(), 0)
    assert not caplog.records


def test_losses_are_float32_under_autocast():
    head, motion = make_head().eval(), make_motion()
    plain = head.loss(motion, None, make_frames())
    half = {k: v.bfloat16() for k, v in motion.items()}
    with torch.autocast('cpu', torch.bfloat16):
        out = head.loss(half, None, make_frames())
    for name, value in out.items():
        assert value.dtype == torch.float32
        if 'loss' in name:
            torch.testing.assert_close(value, plain[name], atol=0, rtol=0.05)


@pytest.mark.parametrize(
    ('level', 'part'),
    [(0, 'flow_estimator.'), (1, 'predictors.1.'), (2, 'predictors.2.')],
)
def test_a_stage_trains_its_own_part(level, part):
    head = make_head()
    head.train_only(level)
    for name, parameter in head.named_parameters():
        assert parameter.requires_grad == name.startswith(part)
    head.train_only(None)
    assert all(p.requires_grad for p in head.parameters())


def test_flow_of_another_level_for_preliminary_cues():
    head = make_head(flow_level=1, contrast_levels=())
    assert head.levels == [1]
    out = head.loss(make_motion(), None, make_frames(), 1)
    assert [name for name in out if 'loss' in name] == ['loss_reconstruct']
    assert head.estimate_flow(make_motion()).shape == (2, 2, 3, 3, 3)


def test_channels_may_be_given_by_level():
    head = make_head(
        motion_channels={1: 4, 2: 5}, flow_level=None, contrast_levels=(2,)
    )
    assert 'loss_motion2' in head.loss(make_motion())


def test_predictions_are_the_scores_of_the_batch():
    head, motion = make_head().eval(), make_motion()
    samples = [ActionDataSample(), ActionDataSample()]
    head.predict(motion, samples, make_frames(), 1)
    scores = head.loss(motion, None, make_frames(), 1)
    expected = {k: pytest.approx(v.item()) for k, v in scores.items()}
    assert all(sample.motion_scores == expected for sample in samples)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(flow_level=None, contrast_levels=()), 'nothing to be learnt'),
        (dict(contrast_levels=(3,)), r'levels \[0, 2, 3\].*of \[0, 1, 2\]'),
        (dict(contrast_levels=(0,)), r'levels \[-1, 0\]'),
        (dict(loss_weights=(1.0, 1.0)), '3 loss_weights.*got 2'),
        (dict(num_steps=0), 'got 0, 4 and 0.07'),
        (dict(temperature=0), '4 and 0$'),
        (dict(photo_norm='none'), "got 'none'"),
    ],
)
def test_bad_arguments_are_told(options, message):
    with pytest.raises(ValueError, match=message):
        make_head(**options)


def test_bad_input_is_told():
    head, motion, frames = make_head(), make_motion(), make_frames()
    with pytest.raises(ValueError, match=r'level 2, only of \[0, 1\]'):
        head.loss({0: motion[0], 1: motion[1]}, level=2)
    with pytest.raises(ValueError, match=r'level 0, only of \[1, 2\]'):
        head.loss({1: motion[1], 2: motion[2]}, level=1)
    with pytest.raises(ValueError, match='needs the frames: pass frames='):
        head.loss(motion)
    with pytest.raises(ValueError, match=r'7 frames.*take clips of 8 frames'):
        head.loss(motion, None, frames[:, :, :7], 0)
    with pytest.raises(ValueError, match='features have 1 frame'):
        head.loss({0: motion[0][:, :, :1]}, None, frames, 0)
    with pytest.raises(ValueError, match='level 3 has no loss'):
        head.loss(motion, level=3)
    with pytest.raises(ValueError, match='level 2 has no loss'):
        make_head(contrast_levels=(1,)).train_only(2)
    with pytest.raises(ValueError, match='estimates no flow'):
        make_head(flow_level=None).estimate_flow(motion)


@pytest.mark.parametrize(
    ('frames', 'advice'), [(3, 'num_steps=1 is'), (2, 'no step is')]
)
def test_clips_too_short_for_the_steps_are_told(frames, advice):
    motion = make_motion(shapes={0: (frames, 6, 6), 1: (2, 3, 3)})
    with pytest.raises(ValueError, match=f'of {frames} frames.*{advice}'):
        make_head().loss(motion, level=1)
