import pytest
import torch
from mmaction.structures import ActionDataSample

from vsslcodebase.models import ClipDataPreprocessor

SHAPE = (2, 3, 4, 5, 6)  # V, C, T, H, W


def clips(count=3):
    generator = torch.Generator().manual_seed(0)
    return [
        torch.randint(0, 256, SHAPE, generator=generator, dtype=torch.uint8)
        for _ in range(count)
    ]


def test_batch_is_stacked_and_standardised_per_channel():
    inputs = clips()
    mean, std = (10.0, 20.0, 30.0), (1.0, 2.0, 4.0)
    out = ClipDataPreprocessor(mean, std)(dict(inputs=inputs))['inputs']
    assert out.shape == (3, *SHAPE)
    assert out.dtype == torch.float32
    for channel in range(3):
        expected = torch.stack(inputs)[:, :, channel].double()
        expected = (expected - mean[channel]) / std[channel]
        torch.testing.assert_close(
            out[:, :, channel], expected.float(), rtol=1e-6, atol=1e-6
        )


def test_tensor_batch_equals_list_batch_and_is_left_alone():
    inputs = clips()
    stacked = torch.stack(inputs).float()
    before = stacked.clone()
    process = ClipDataPreprocessor()
    out = process(dict(inputs=stacked))['inputs']
    assert torch.equal(out, process(dict(inputs=inputs))['inputs'])
    assert torch.equal(stacked, before)


def test_data_samples_and_other_keys_pass():
    samples = [ActionDataSample(gt_label=torch.tensor([k])) for k in range(3)]
    out = ClipDataPreprocessor()(
        dict(inputs=clips(), data_samples=samples, note='x'), training=True
    )
    assert [s.gt_label.item() for s in out['data_samples']] == [0, 1, 2]
    assert out['note'] == 'x'


def test_checkpoints_do_not_contain_the_statistics():
    assert not ClipDataPreprocessor().state_dict()


def test_videos_of_two_shapes_are_listed():
    inputs = [*clips(1), torch.zeros(2, 3, 4, 5, 7, dtype=torch.uint8)]
    with pytest.raises(ValueError, match=r'\(2, 3, 4, 5, 7\)'):
        ClipDataPreprocessor()(dict(inputs=inputs))


def test_frames_in_another_layout_are_refused():
    inputs = [clip.movedim(1, 2) for clip in clips()]  # (V, T, C, H, W)
    with pytest.raises(ValueError, match='C=3 channels'):
        ClipDataPreprocessor()(dict(inputs=inputs))


@pytest.mark.parametrize(
    ('mean', 'std'), [((0, 0, 0), (1, 1)), ((0, 0, 0), (1, 0, 1))]
)
def test_bad_statistics_are_refused(mean, std):
    with pytest.raises(ValueError, match='std must be positive'):
        ClipDataPreprocessor(mean, std)


@pytest.mark.parametrize('by_frame', [False, True])
def test_bgr_is_rgb_with_the_channels_exchanged(by_frame):
    torch.manual_seed(0)
    mean, std = (10.0, 20.0, 30.0), (4.0, 5.0, 6.0)
    rgb = ClipDataPreprocessor(mean, std)
    bgr = ClipDataPreprocessor(mean[::-1], std[::-1], to_bgr=True)
    clips = torch.randint(0, 256, (2, 1, 3, 2, 4, 5), dtype=torch.uint8)
    expected = rgb(dict(inputs=clips))['inputs'].flip(2)
    assert torch.equal(bgr(dict(inputs=clips))['inputs'], expected)
    assert not torch.equal(expected, expected.flip(2))

    shape = (1, 2, 3, 4) if by_frame else (1, 3, 4)
    samples = [ActionDataSample() for _ in range(2)]
    for sample in samples:
        sample.set_field(torch.rand(shape), 'colour_matrix')
    data = dict(inputs=clips, data_samples=samples)
    expected = rgb(data)['inputs'].flip(2)
    assert torch.allclose(bgr(data)['inputs'], expected, atol=1e-5)


def test_bgr_needs_three_channels():
    with pytest.raises(ValueError, match=r'to_bgr .* but mean has 2'):
        ClipDataPreprocessor((1.0, 2.0), (1.0, 1.0), to_bgr=True)
