"""Features for several protocols from one pass over the videos."""

import json
import shutil
import subprocess
import sys
from copy import deepcopy

import pytest
import torch
from encoded_video import encode
from torch import nn

from vsslcodebase.datasets.readers import opening
from vsslcodebase.datasets.transforms import decoding
from vsslcodebase.evaluation import LayerReader, extract_features
from vsslcodebase.evaluation.feature_cache import (
    FeatureCache,
    Reading,
    place_clips,
    sampler_of,
)
from vsslcodebase.evaluation.feature_files import open_features
from vsslcodebase.evaluation.feature_writer import build_in_order
from vsslcodebase.evaluation.layer_set import LayerSet
from vsslcodebase.registry import MODELS
from vsslcodebase.utils.folder_lock import LOCK

FRAMES = (9, 21, 13)  # 'windows' give 2, 5 and 3 clips
P5, GAP = Reading('p5', None, 3), Reading(None, 'gap', 'windows')
ONE = Reading('stages.0', 'max', 1)


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp('videos')
    lines = []
    for row, num_frames in enumerate(FRAMES):
        encode(folder / f'{row}.mp4', num_frames=num_frames, size=(32, 48))
        lines.append(f'{row}.mp4 {row % 2}')
    (folder / 'some.txt').write_text('\n'.join(lines))
    return folder


@pytest.fixture(scope='module')
def model():
    torch.manual_seed(0)
    backbone = dict(type='SmallR3D', widths=(4, 6), temporal_strides=(1, 2))
    return MODELS.build(
        dict(type='vsslcodebase.FeatureTrunk', backbone=backbone)
    ).eval()


def loader_of(folder, sampler=None):
    sampler = sampler or dict(
        type='SampleUniformClips', clip_len=4, num_clips=2
    )
    resize = dict(type='Resize', scale=(16, 16), keep_ratio=False)
    return dict(
        batch_size=2,
        num_workers=0,
        collate_fn=dict(type='collate_clips'),
        dataset=dict(
            type='VideoListDataset',
            ann_file=str(folder / 'some.txt'),
            data_prefix=dict(video=str(folder)),
            test_mode=True,
            serialize_data=False,
            pipeline=[
                dict(type='OpenVideo'),
                sampler,
                dict(type='DecodeClips'),
                dict(type='PerClip', transforms=[resize]),
                dict(type='PackClips'),
            ],
        ),
    )


@pytest.fixture
def opened(monkeypatch):
    """Names of the videos that are opened."""
    names = []

    def note(name, *args, **kwargs):
        names.append(name.rpartition('/')[2])
        return opening.open_reader(name, *args, **kwargs)

    monkeypatch.setattr(decoding, 'open_reader', note)
    return names


def alone(model, folder, reading):
    """Read the same the plain way, video by video."""
    sampler = dict(
        type='SamplePlacedClips', clip_len=4, placements=[reading.placement]
    )
    loader = dict(loader_of(folder, sampler), batch_size=1)
    return extract_features(
        model,
        build_in_order(loader),
        progress=False,
        layer=reading.layer,
        pool=reading.pool,
    )


def test_one_pass_gives_what_each_alone_gives(model, videos, tmp_path, opened):
    cache = FeatureCache(model, loader_of(videos), tmp_path)
    found = cache.read([P5, GAP, ONE])
    assert opened == ['0.mp4', '1.mp4', '2.mp4']
    assert found.num_read == 3
    for reading, part in found.videos.items():
        expected = alone(model, videos, reading)
        torch.testing.assert_close(part.features, expected.features)
        assert part.labels.tolist() == [0, 1, 0]
        assert part.video_ids.tolist() == [0, 1, 2]
        assert part.filenames == expected.filenames


def test_a_second_run_reads_no_video(model, videos, tmp_path, opened):
    first = FeatureCache(model, loader_of(videos), tmp_path)
    before = first.read([P5, GAP]).videos
    opened.clear()
    again = FeatureCache(model, loader_of(videos), tmp_path)
    reports = []
    found = again.read([GAP, P5], lambda *now: reports.append(now))
    assert (opened, found.num_read, reports) == ([], 0, [])
    assert torch.equal(found.videos[GAP].features, before[GAP].features)
    # another layer: read once more, and only that one
    mtime = (again.folder / 'p5_3.npy').stat().st_mtime_ns
    assert again.read([P5, ONE]).num_read == 3
    assert len(opened) == 3
    assert (again.folder / 'p5_3.npy').stat().st_mtime_ns == mtime


def test_how_the_config_counts_clips_does_not_matter(model, videos, tmp_path):
    one, other = (
        FeatureCache(model, loader_of(videos, sampler), tmp_path).folder
        for sampler in (
            None,
            dict(type='SampleFrames', clip_len=4, num_clips=9),
        )
    )
    assert one == other
    assert one.name.startswith('some-')


@pytest.mark.parametrize(
    'change',
    ['weights', 'stride', 'channel order', 'length', 'list', 'label', 'video'],
)
def test_what_features_depend_on_has_another_folder(
    model, videos, tmp_path, change
):
    loader = loader_of(videos)
    folder = FeatureCache(model, loader, tmp_path).folder
    if change == 'weights':
        model = MODELS.build(
            dict(type='FeatureTrunk', backbone=dict(type='SmallR3D'))
        )
    elif change == 'stride':  # the weights are the same
        model = deepcopy(model)
        convolution = next(
            part
            for part in model.backbone.modules()
            if isinstance(part, nn.Conv3d) and part.stride == (2, 2, 2)
        )
        convolution.stride = (1, 2, 2)
    elif change == 'channel order':
        model = deepcopy(model)
        model.data_preprocessor.to_bgr = True
    elif change == 'video':
        shutil.copytree(videos, tmp_path / 'videos')
        loader = loader_of(tmp_path / 'videos')
        folder = FeatureCache(model, loader, tmp_path).folder
        encode(tmp_path / 'videos/1.mp4', num_frames=40, size=(32, 48))
    elif change == 'length':
        sampler_of(loader['dataset'])['clip_len'] = 5
    else:
        text = (videos / 'some.txt').read_text()
        text = text[:-1] + '1' if change == 'label' else text[:-8]
        listing = tmp_path / 'some.txt'
        listing.write_text(text)
        loader['dataset']['ann_file'] = str(listing)
    assert FeatureCache(model, loader, tmp_path).folder != folder


@pytest.mark.parametrize('stop', [1, 2])
def test_an_interrupted_pass_goes_on(
    model, videos, tmp_path, opened, stop, monkeypatch
):
    loader = dict(loader_of(videos), batch_size=1)
    whole = FeatureCache(model, loader, tmp_path / 'whole')
    whole.read([P5, GAP])
    cache = FeatureCache(model, loader, tmp_path / 'parts')

    def interrupt(done, total):
        if done == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.read([P5, GAP], interrupt)
    opened.clear()
    assert cache.read([P5, GAP]).num_read == 3 - stop
    assert opened == [f'{row}.mp4' for row in range(stop, 3)]
    for name in ('p5_3', 'last-gap_windows'):
        for suffix in ('npy', 'jsonl', 'json'):
            one, other = (
                c.folder / f'{name}.{suffix}' for c in (whole, cache)
            )
            assert one.read_bytes() == other.read_bytes()


def test_training_mode_is_no_other_network(model, videos, tmp_path):
    loader = loader_of(videos)
    folder = FeatureCache(model, loader, tmp_path).folder
    other = deepcopy(model).train()
    assert FeatureCache(other, loader, tmp_path).folder == folder


HOLD = """
import fcntl, sys
with open(sys.argv[1], 'w') as lock:
    fcntl.lockf(lock, fcntl.LOCK_EX)
    print('held', flush=True)
    sys.stdin.read()
"""


def test_a_second_process_does_not_write(model, videos, tmp_path):
    cache = FeatureCache(model, loader_of(videos), tmp_path)
    cache.read([P5])
    with subprocess.Popen(
        [sys.executable, '-c', HOLD, str(cache.folder / LOCK)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout.readline() == b'held\n'
        with pytest.raises(ValueError, match='another process is writing'):
            cache.read([P5, GAP])
        assert cache.read([P5]).num_read == 0  # which writes nothing
        other.stdin.close()
    assert cache.read([P5, GAP]).num_read == 3


@pytest.mark.parametrize('damage', ['array', 'no array', 'settings'])
def test_a_damaged_file_is_named(model, videos, tmp_path, damage):
    cache = FeatureCache(model, loader_of(videos), tmp_path)
    cache.read([P5])
    file = cache.folder / ('p5_3.json' * (damage == 'settings') or 'p5_3.npy')
    content = file.read_bytes()
    file.unlink()
    if damage != 'no array':
        file.write_bytes(content[:-9])
    with pytest.raises(
        ValueError, match=r'p5_3.* remove .*p5_3\.\*$'
    ) as error:
        cache.read([P5])
    assert file.name in str(error.value)
    for part in cache.folder.glob('p5_3.*'):
        part.unlink()
    assert cache.read([P5]).num_read == 3


def test_files_are_those_of_the_other_tools(model, videos, tmp_path):
    cache = FeatureCache(model, loader_of(videos), tmp_path)
    cache.read([P5])
    saved = open_features(cache.folder / 'p5_3.npy')
    assert saved.videos.features.shape == (3, 6 * 2 * 2 * 2)
    settings = json.loads((cache.folder / 'p5_3.json').read_text())
    assert settings['placement'] == 3
    assert settings['level'] == 'video'


def test_clips_go_through_the_network_in_parts(model, videos, tmp_path):
    sizes = []
    hook = model.backbone.register_forward_pre_hook(
        lambda _, inputs: sizes.append(len(inputs[0]))
    )
    cache = FeatureCache(model, loader_of(videos), tmp_path)
    cache.read([Reading('p5', None, 10)])
    hook.remove()
    assert sizes == [4, 4, 2] * 3  # two videos of two clips is the config's


def test_layers_at_once_are_the_layers_alone(model):
    clips = torch.rand(2, 3, 4, 16, 16)
    readers = {
        'last': LayerReader(model.backbone),
        'p5': LayerReader(model.backbone, 'p5'),
        'first': LayerReader(model.backbone, 'stages.0', pool_size=2),
    }
    runs = []
    hook = model.backbone.register_forward_hook(lambda *_: runs.append(1))
    found = LayerSet(readers)(clips)
    hook.remove()
    assert len(runs) == 1
    for name, reader in readers.items():
        assert torch.equal(found[name], reader(clips))
    with pytest.raises(ValueError, match='one backbone, got 0 of 0'):
        LayerSet({})


def test_a_pipeline_without_sampler_is_an_error():
    with pytest.raises(ValueError, match='no step with clip_len'):
        place_clips(dict(pipeline=[dict(type='OpenVideo')]), None)
