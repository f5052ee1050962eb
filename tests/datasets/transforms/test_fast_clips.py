"""The fast path against the plain transforms with the same draws."""

from pathlib import Path

import numpy as np
import pytest
import torch
from encoded_video import encode

from vsslcodebase.datasets.readers import BadVideoError
from vsslcodebase.datasets.sample_state import seeded
from vsslcodebase.datasets.transforms import (
    ClipColorJitter,
    DecodeClips,
    DecodeOnDemand,
    FastClips,
    OpenVideo,
    PackClips,
    PerClip,
    SampleSeparatedClips,
)
from vsslcodebase.datasets.transforms.clip_plan import ColourChange
from vsslcodebase.models.data_preprocessor import ClipDataPreprocessor

CROP = dict(type='ClipRandomResizedCrop', size=(40, 56))
ONLY = dict(brightness=0, contrast=0, saturation=0, hue=0, prob=1.0)
OPERATIONS = {
    'nothing': [],
    'crop': [CROP],
    'flip': [CROP, dict(type='ClipFlip', prob=1.0)],
    'brightness': [
        CROP,
        dict(
            type='ClipColorJitter',
            **ONLY,
        )
        | dict(brightness=0.4),
    ],
    'contrast': [
        CROP,
        dict(type='ClipColorJitter', **ONLY) | dict(contrast=0.8),
    ],
    'saturation': [
        CROP,
        dict(type='ClipColorJitter', **ONLY) | dict(saturation=0.8),
    ],
    'hue': [CROP, dict(type='ClipColorJitter', **ONLY) | dict(hue=0.2)],
    'grey': [CROP, dict(type='ClipGrayscale', prob=1.0)],
    'stretch and crop': [
        dict(type='ClipResizedRandomCrop', scale=(75, 90), size=(40, 56))
    ],
    'scale and crop': [
        dict(
            type='ClipScaledRandomCrop',
            scale_range=(60, 110),
            size=(40, 56),
        )
    ],
    'blur': [CROP, dict(type='ClipGaussianBlur', prob=1.0)],
}
PER_FRAME = [
    dict(type='ClipResizedRandomCrop', scale=(72, 90), size=(40, 56)),
    dict(type='ClipFlip'),
    dict(type='ClipColorJitter', per='frame'),
    dict(type='ClipGrayscale'),
]
ALL = [
    CROP,
    dict(type='ClipFlip'),
    dict(type='ClipColorJitter'),
    dict(type='ClipGrayscale'),
    dict(type='ClipGaussianBlur'),
]


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    """Paths by pixel format; good quality, 40 frames of 96x128."""
    folder = tmp_path_factory.mktemp('videos')
    options = {'crf': '10'}
    return {
        pixels: encode(
            folder / f'{pixels}.mp4',
            pixels=pixels,
            size=(96, 128),
            options=options,
        )
        for pixels in ('yuv444p', 'yuv420p')
    }


def run(path, middle, seed=0, sampler=None, backend='pyav', **results):
    """Send a video through a pipeline; ``middle`` is slots 2 and 3."""
    sampler = sampler or SampleSeparatedClips(6, 2, 2)
    results['filename'] = str(path)
    with seeded(seed):
        for transform in (OpenVideo(backend), sampler, *middle, PackClips()):
            results = transform(results)
    return results


def plain(operations):
    return [DecodeClips(), PerClip(operations)]


def fast(operations, **kwargs):
    return [DecodeOnDemand(), FastClips(operations, **kwargs)]


def differences(path, operations, num_seeds=4, **kwargs):
    """Return |fast - plain| of all pixels."""
    parts = []
    for seed in range(num_seeds):
        one = run(path, plain(operations), seed)['inputs'].int()
        two = run(path, fast(operations, **kwargs), seed)['inputs'].int()
        parts.append((one - two).abs())
    return torch.stack(parts).double()


# Of full chroma, so that only rounding is left: at 4:4:4 both convert the
# same samples. The amounts stretch the error of a rounded value by up to 1.8.
@pytest.mark.parametrize(
    ('name', 'most', 'mean'),
    [
        ('nothing', 2, 0.6),
        ('crop', 3, 0.6),
        ('flip', 3, 0.6),
        ('brightness', 5, 0.8),
        ('contrast', 6, 0.8),
        ('saturation', 6, 0.8),
        ('grey', 3, 0.6),
        ('blur', 5, 0.7),
        ('stretch and crop', 4, 0.6),
        ('scale and crop', 4, 0.6),
    ],
)
def test_each_operation_equals_the_plain_one(videos, name, most, mean):
    found = differences(videos['yuv444p'], OPERATIONS[name])
    assert found.max() <= most
    assert found.mean() <= mean


@pytest.mark.parametrize('pixels', ['yuv444p', 'yuv420p'])
def test_with_hsv_the_whole_chain_equals_the_plain_one(videos, pixels):
    found = differences(videos[pixels], ALL, num_seeds=8, hue='hsv')
    # Half chroma: the plain path repeats its samples, the fast one
    # interpolates; the pattern has hard edges of colour.
    mean = {'yuv444p': 0.8, 'yuv420p': 3.5}[pixels]
    assert found.mean() <= mean
    assert (found > 24).double().mean() < 0.01


def test_each_frame_may_have_its_own_colours(videos):
    found = differences(videos['yuv444p'], PER_FRAME, num_seeds=8, hue='hsv')
    assert found.mean() <= 0.8
    assert (found > 24).double().mean() < 0.01


def test_colours_drawn_per_frame_differ_and_places_do_not(tmp_path):
    path = encode(tmp_path / 'still.mp4', num_frames=1, size=(48, 64))
    jitter = PER_FRAME[2] | dict(brightness=0.1, contrast=0.1, hue=0.02)
    clip = run(path, fast([*PER_FRAME[:2], jitter]))['inputs'][0].double()
    grey = clip.mean(0)  # (T, H, W)
    assert (
        len({tuple(frame.mean((1, 2)).tolist()) for frame in clip.unbind(1)})
        > 3
    )
    for frame in grey[1:]:  # the same picture: fully correlated
        both = torch.stack([grey[0].flatten(), frame.flatten()])
        assert torch.corrcoef(both)[0, 1] > 0.98


def test_chroma_is_interpolated_between_its_samples(videos):
    """A fast crop of 4:2:0 is nearer to 4:4:4 than the plain one is."""
    truth = run(videos['yuv444p'], plain([CROP]))['inputs'].int()
    errors = [
        (run(videos['yuv420p'], way([CROP]))['inputs'].int() - truth)
        .abs()
        .double()
        .mean()
        for way in (fast, plain)
    ]
    assert errors[0] < 0.8 * errors[1]


class TwiceAsBrightHalfTheContrast(ClipColorJitter):
    def draw(self):
        return [ColourChange('brightness', 2.0), ColourChange('contrast', 0.5)]


def test_colours_are_clipped_once_at_the_end(videos):
    """Nothing that becomes too bright on the way is lost."""
    path = videos['yuv444p']
    pixels = run(path, plain([CROP]))['inputs'].double()
    weights = torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1, 1)
    grey = (weights * pixels).mean((1, 2, 3, 4), keepdim=True) * 3
    expected = (pixels + grey).clamp(max=255)  # 0.5 * 2 x + 0.5 * mean of 2 x
    chain = [CROP, TwiceAsBrightHalfTheContrast()]
    once = run(path, fast(chain))['inputs']
    assert (once - expected).abs().max() <= 4
    plainly = run(path, plain(chain))['inputs']
    assert (plainly - expected).abs().max() > 20
    exactly = run(path, fast(chain, hue='hsv'))['inputs']
    assert (exactly.int() - plainly.int()).abs().max() <= 4


def test_draws_are_those_of_the_plain_path(videos):
    """Also what is drawn afterwards: both have drawn equally often."""
    after = []
    for middle in (plain(ALL), fast(ALL)):
        results = dict(filename=videos['yuv420p'])
        with seeded(3):
            for step in (OpenVideo(), SampleSeparatedClips(6, 2, 3), *middle):
                results = step(results)
            after.append(np.random.rand())
    assert after[0] == after[1]


def test_one_draw_for_a_clip_and_another_for_the_next(tmp_path):
    path = encode(tmp_path / 'still.mp4', num_frames=1, size=(48, 64))
    one, two = run(path, fast(ALL), seed=1)['inputs'].double()
    assert (one - two).abs().mean() > 10
    for clip in (one, two):
        torch.testing.assert_close(clip, clip[:, :1].expand_as(clip))


def test_repeated_frames_are_copied(tmp_path):
    path = encode(tmp_path / 'short.mp4', num_frames=3, size=(48, 64))
    results = run(path, fast(ALL), sampler=SampleSeparatedClips(8, 1, 2))
    for clip, start in zip(
        results['inputs'], results['data_samples'].clip_start.tolist()
    ):
        for time in range(3 - start, 8):
            torch.testing.assert_close(clip[:, time], clip[:, 2 - start])


@pytest.mark.parametrize(
    'operations',
    [*OPERATIONS.values(), ALL, PER_FRAME],
    ids=[*OPERATIONS, 'all', 'per frame'],
)
def test_the_preprocessor_makes_what_the_worker_makes(videos, operations):
    preprocessor = ClipDataPreprocessor()
    batches = []
    for place in ('worker', 'preprocessor'):
        samples = [
            run(path, fast(operations, apply_colour=place), seed)
            for seed, path in enumerate([videos['yuv420p']] * 3)
        ]
        assert all(s['inputs'].dtype == torch.uint8 for s in samples)
        inputs = [sample['inputs'] for sample in samples]
        data_samples = [sample['data_samples'] for sample in samples]
        batches.append(
            preprocessor(dict(inputs=inputs, data_samples=data_samples))
        )
    grey_level = 1 / preprocessor.std.view(3, 1, 1, 1)
    levels = (batches[0]['inputs'] - batches[1]['inputs']).abs() / grey_level
    # The worker rounds to whole grey levels: half of one, and OpenCV's own.
    assert levels.max() <= 1.01
    assert levels.mean() <= 0.3


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
def test_the_preprocessor_is_the_same_on_a_gpu(videos):
    sample = run(videos['yuv420p'], fast(ALL, apply_colour='preprocessor'))
    batch = {key: [value] for key, value in sample.items()}
    here = ClipDataPreprocessor()(batch)['inputs']
    there = ClipDataPreprocessor().cuda()(batch)['inputs'].cpu()
    torch.testing.assert_close(here, there, atol=1e-4, rtol=0)


def test_decord_gives_the_same_clips(videos):
    one, two = (
        run(videos['yuv444p'], fast(ALL), backend=backend)['inputs'].int()
        for backend in ('pyav', 'decord')
    )
    assert (one - two).abs().double().mean() < 1


def test_labels_and_sizes_reach_the_data_sample(videos):
    flip = dict(type='ClipFlip', prob=1.0, flip_label_map={3: 4})
    sampler = SampleSeparatedClips(6, 2, 1)
    results = run(
        videos['yuv420p'], fast([CROP, flip]), sampler=sampler, label=3
    )
    assert results['data_samples'].gt_label.tolist() == [4]
    assert results['data_samples'].img_shape == (40, 56)
    assert results['inputs'].shape == (1, 3, 6, 40, 56)
    assert results['inputs'].is_contiguous()
    with pytest.raises(ValueError, match='num_clips=2 clips, flipped'):
        run(videos['yuv420p'], fast([CROP, flip]), label=3)


def test_a_video_that_breaks_off_is_a_bad_video(videos, tmp_path):
    data = bytearray(Path(videos['yuv420p']).read_bytes())
    start = data.index(b'mdat')
    data[start + 3000 : start + 6000] = bytes(3000)
    path = tmp_path / 'broken.mp4'
    path.write_bytes(data)
    sampler = SampleSeparatedClips(40, 1, 1)  # all frames
    with pytest.raises(BadVideoError, match=r'broken\.mp4'):
        run(path, fast(ALL), sampler=sampler)


def test_wrong_use_is_named(videos):
    with pytest.raises(ValueError, match="hue must be 'yiq' or 'hsv'"):
        FastClips([], hue='HSV')
    with pytest.raises(ValueError, match="'worker' or 'preprocessor', got"):
        FastClips([], apply_colour='gpu')
    with pytest.raises(ValueError, match="set apply_colour='worker'"):
        FastClips([], hue='hsv', apply_colour='preprocessor')
    with pytest.raises(ValueError, match='cannot plan CenterCrop'):
        FastClips([dict(type='CenterCrop', crop_size=9)])
    with pytest.raises(ValueError, match='FastClips crops once'):
        run(videos['yuv420p'], fast([CROP, CROP]))
    with pytest.raises(ValueError, match="needs 'video_reader'"):
        DecodeOnDemand()({'frame_inds': [0]})
