"""What LTN's neck makes of the times of clips, and what it refuses."""

import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.model import BaseModule
from time_navigation_toys import build_neck, feature_maps, timed_samples

from vsslcodebase.models import TimeNavigationNeck
from vsslcodebase.models.necks.time_navigation_neck import gaps_before


def test_start_times_are_read_video_major():
    read = build_neck().read_times(timed_samples([[0.0, 2.5], [7, 1]]), 'cpu')
    assert read.dtype == torch.float32
    assert read.tolist() == [[0], [2.5], [7], [1]]


def test_triples_are_start_end_and_gap_to_the_clip_before_in_time():
    neck = build_neck(time_input='start-end-delta')
    times, ends = [[5.0, 0, 8], [1, 1, 0]], [[7.0, 2, 10], [3, 3, 2]]
    read = neck.read_times(timed_samples(times, clip_end=ends), 'cpu')
    first = [[5, 7, 3], [0, 2, 0], [8, 10, 1]]
    second = [[1, 3, -1], [1, 3, -2], [0, 2, 0]]  # they overlap
    assert read.tolist() == first + second


def test_gaps_follow_the_clips_when_these_change_places():
    generator = torch.Generator().manual_seed(0)
    starts = torch.rand(5, 4, generator=generator)
    ends = starts + 0.1
    places = torch.randperm(4, generator=generator)
    torch.testing.assert_close(
        gaps_before(starts[:, places], ends[:, places]),
        gaps_before(starts, ends)[:, places],
    )


def test_data_samples_and_times_are_two_ways_to_say_the_same():
    neck = build_neck().eval()
    feats, times = feature_maps(), [[0.0, 2.5], [7, 1]]
    by_sample, _ = neck(feats, timed_samples(times))
    by_times, _ = neck(feats, times=torch.tensor(times).reshape(4, 1))
    assert torch.equal(by_sample, by_times)
    permutation = torch.tensor([2, 0, 3, 1])
    shuffled, _ = neck(
        feats[permutation],
        times=torch.tensor(times).reshape(4, 1)[permutation],
    )
    torch.testing.assert_close(shuffled, by_sample[permutation])


@pytest.mark.parametrize('seconds', [0.0, 3611.3])
def test_equal_times_are_no_reason_for_nan(seconds):
    neck = build_neck()
    for _ in range(3):
        out, _ = neck(feature_maps(), times=torch.full((4, 1), seconds))
        out.sum().backward()
    assert out.isfinite().all()
    assert all(p.grad.isfinite().all() for p in neck.parameters())
    assert neck.time_encoder.norm.running_var.isfinite().all()


def test_the_offset_of_times_does_not_matter_in_training():
    neck = build_neck()
    feats, times = feature_maps(), torch.tensor([[0.0], [1], [4], [6]])
    torch.testing.assert_close(
        neck(feats, times=times)[0], neck(feats, times=3 * times + 50)[0]
    )


def test_one_clip_can_be_encoded_but_not_trained_on():
    neck = build_neck()
    feats, times = feature_maps(1), torch.tensor([[2.0]])
    with pytest.raises(ValueError, match='with 1 clip in train mode; set a'):
        neck(feats, times=times)
    assert neck.eval()(feats, times=times)[0].isfinite().all()


# Errors


def test_missing_times_name_the_sampler_and_the_frame_rate():
    sample = ActionDataSample()
    sample.set_field(torch.zeros(2), 'clip_start')
    with pytest.raises(ValueError, match='needs clip_time in every') as error:
        build_neck()(feature_maps(2), [sample])
    for word in ("'clip_start'", 'SampleIndependentClips', 'frame rate'):
        assert word in str(error.value)
    neck = build_neck(time_input='start-end-delta')
    with pytest.raises(ValueError, match='needs clip_end in every'):
        neck(feature_maps(2), timed_samples([[0.0, 1]]))


def test_nothing_to_read_times_from():
    with pytest.raises(ValueError, match='data_samples=None and no times'):
        build_neck()(feature_maps())


def test_unequal_numbers_of_clips():
    with pytest.raises(ValueError, match=r'clip_time has \[1, 2\] entries'):
        build_neck()(feature_maps(3), timed_samples([[0.0, 1], [2.0]]))
    with pytest.raises(ValueError, match=r'times \(6, 1\) for 6 clips'):
        build_neck()(feature_maps(6), timed_samples([[0.0, 1], [2, 3]]))
    with pytest.raises(ValueError, match=r"'start', got \(4, 3\)"):
        build_neck()(feature_maps(4), times=torch.rand(4, 3))


@pytest.mark.parametrize('bad', [float('nan'), float('inf')])
def test_times_must_be_finite(bad):
    with pytest.raises(ValueError, match='clip_time must be finite seconds'):
        build_neck()(feature_maps(2), timed_samples([[0.0, bad]]))


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(num_directions=7), r'num_directions=7 must lie in \[1, 6\]'),
        (dict(num_directions=0), r'num_directions=0 must lie in \[1, 6\]'),
        (dict(variant=4), 'variant must be 1, 2 or 3, got 4'),
        (dict(time_layers=0), 'time_layers must be at least 1, got 0'),
        (dict(time_input='end'), "one of .*'start-end-delta.* got 'end'"),
    ],
)
def test_wrong_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        build_neck(**options)


def test_projector_says_how_wide_the_features_are():
    with pytest.raises(ValueError, match='the projector needs in_channels'):
        TimeNavigationNeck(dict(type='ProjectionNeck'))
    with pytest.raises(ValueError, match=r'set projector\.in_channels'):
        build_neck()(feature_maps(channels=5), times=torch.rand(4, 1))


def test_losses_of_the_projector_pass_through():
    class Sum(BaseModule):
        in_channels = 6

        def forward(self, feats, data_samples=None):
            return feats.sum((1, 2, 3, 4))[:, None], dict(loss_extra=0)

    neck = build_neck()
    neck.projector = Sum()
    embeddings, losses = neck(feature_maps(), times=torch.rand(4, 1))
    assert embeddings.shape == (4, 1)
    assert losses == dict(loss_extra=0)
