"""Features of any videos equal those of the tools that read lists."""

from pathlib import Path

import numpy as np
import pytest
import torch
from encoded_video import decode_all, moving_pattern
from frame_folders import write_frames
from mmaction.datasets.transforms import CenterCrop, Resize
from mmengine.registry import init_default_scope
from saved_toys import (
    SMALL,
    contract_of,
    publish,
    save_training,
    small_network,
)

import vsslcodebase
from vsslcodebase.apis import VideoFeatureInferencer
from vsslcodebase.datasets.readers import BadVideoError
from vsslcodebase.engine.feature_model import (
    feature_config,
    feature_model,
    split_loader,
)
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.evaluation.feature_files import open_features
from vsslcodebase.evaluation.feature_writer import build_in_order
from vsslcodebase.evaluation.features import extract_features
from vsslcodebase.evaluation.labelled_sets import check_settings


@pytest.fixture
def config(folder):
    return str(folder / 'retrieve.py'), str(folder / 'method.pth')


@pytest.fixture
def videos(folder):
    """In the order of the list of the test."""
    lines = (folder / 'test.txt').read_text().splitlines()
    return [str(folder / line.split()[0]) for line in lines]


@pytest.fixture
def infer(tmp_path):
    """By a published file: 4 frames, stride 2, 16 px, blue, green, red."""
    path, _ = publish(tmp_path, 'smallr3d')
    return VideoFeatureInferencer(path, num_clips=3, show_progress=False)


def by_tool(config, split='test', **options):
    cfg = feature_config(*config)
    loader = build_in_order(split_loader(cfg, split))
    return extract_features(
        feature_model(cfg), loader, progress=False, **options
    )


@pytest.mark.parametrize('options', [{}, dict(layer='p5'), dict(pool='max')])
def test_features_are_those_of_extract_features(
    options, config, videos, folder
):
    infer = VideoFeatureInferencer(*config, show_progress=False, **options)
    result = infer(str(folder / 'test.txt'), batch_size=2, num_workers=0)
    wanted = by_tool(config, **options)
    np.testing.assert_array_equal(result['features'], wanted.features)
    assert result['features'].dtype == np.float32
    assert result['names'] == videos
    assert result['labels'].tolist() == wanted.labels.tolist() == [0, 1, 2]
    assert result['failed'] == []


def test_clips_apart_and_more_of_them(config, videos):
    infer = VideoFeatureInferencer(*config, num_clips=3, show_progress=False)
    apart = infer(videos, average_clips=False, num_workers=0)['features']
    assert apart.shape[:2] == (3, 3)
    together = infer(videos, num_workers=0)['features']
    np.testing.assert_allclose(apart.mean(1), together, rtol=1e-5)


def test_a_contract_shows_clips_as_in_training(infer, videos, tmp_path):
    """By hand: even clips, shorter side to 16, centre, BGR, 0..1."""
    _, network = publish(tmp_path / 'again', 'smallr3d')
    contract = contract_of(4, 16)
    result = infer(videos[:1], average_clips=False, num_workers=0)
    frames = np.stack(decode_all(videos[0]))
    latest = len(frames) - 4 * 2
    starts = np.round(np.linspace(0, latest, 3)).astype(int)
    shown = []
    for start in starts:
        images = list(frames[start : start + 8 : 2])
        step = dict(imgs=images, img_shape=images[0].shape[:2])
        step = CenterCrop(16)(Resize((-1, 16))(step))
        shown.append(np.stack(step['imgs']))
    clips = torch.from_numpy(np.stack(shown)).permute(0, 4, 1, 2, 3)
    with torch.no_grad():
        wanted = network(contract.normalise(clips)).mean((2, 3, 4))
    np.testing.assert_allclose(
        result['features'][0], wanted, rtol=1e-4, atol=1e-5
    )


def test_an_array_is_the_file_of_its_frames(infer, videos):
    arrays = [np.stack(decode_all(path)) for path in videos]
    wanted = infer(videos, num_workers=0)['features']
    result = infer(arrays, num_workers=0)
    np.testing.assert_array_equal(result['features'], wanted)
    assert result['names'] == ['array 0', 'array 1', 'array 2']
    mixed = infer([arrays[1], videos[0]], num_workers=0)['features']
    np.testing.assert_array_equal(mixed, wanted[[1, 0]])


def test_a_folder_of_images_is_the_array_of_its_frames(infer, tmp_path):
    path = write_frames(tmp_path / 'f', 9, (32, 48), '{:05d}.png')
    frames = [moving_pattern(index, 32, 48) for index in range(9)]
    np.testing.assert_array_equal(
        infer(path)['features'], infer(np.stack(frames))['features']
    )


def test_workers_and_batches_change_nothing(infer, folder):
    plain = infer(folder, batch_size=8, num_workers=0)
    other = infer(folder, batch_size=3, num_workers=2)
    assert plain['names'] == other['names']
    assert len(plain['names']) == 8
    np.testing.assert_allclose(
        plain['features'], other['features'], rtol=1e-5, atol=1e-6
    )


def test_unreadable_videos_are_named_or_raised(infer, videos, tmp_path):
    broken = tmp_path / 'broken.mp4'
    broken.write_bytes(Path(videos[0]).read_bytes()[:500])
    inputs = [videos[0], str(broken), 'missing.mp4', videos[1]]
    with pytest.raises(BadVideoError, match=str(broken)):
        infer(inputs, num_workers=0)
    result = infer(inputs, num_workers=0, on_error='skip', batch_size=2)
    assert result['names'] == [videos[0], videos[1]]
    wanted = infer(videos[:2], num_workers=0)['features']
    np.testing.assert_allclose(result['features'], wanted, rtol=1e-5)
    assert [name for name, _ in result['failed']] == inputs[1:3]
    assert result['failed'][1][1] == 'the file does not exist'
    with pytest.raises(UsageError, match='none of the 2 videos'):
        infer(inputs[1:3], num_workers=0, on_error='skip')


def test_features_that_are_no_numbers_are_failures(videos):
    network = small_network(SMALL)
    network.stages[1][0].bn.running_mean[0] = float('nan')
    infer = VideoFeatureInferencer(
        network, contract=contract_of(4, 16), show_progress=False
    )
    with pytest.raises(BadVideoError, match='features are not finite'):
        infer(videos, num_workers=0)


def test_what_is_written_opens_as_features(infer, folder, tmp_path):
    out = tmp_path / 'new' / 'test.npy'
    listing = tmp_path / 'list.txt'
    lines = (folder / 'test.txt').read_text() + '\nmissing.mp4 1\n'
    listing.write_text(
        ''.join(f'{folder}/{line}\n' for line in lines.splitlines() if line)
    )
    result = infer(str(listing), num_workers=0, on_error='skip', out=out)
    saved = open_features(out)
    np.testing.assert_array_equal(saved.videos.features, result['features'])
    assert list(saved.videos.filenames) == result['names']
    assert saved.videos.labels.tolist() == [0, 1, 2]
    assert 'missing.mp4\tthe file does not exist' in (
        out.with_suffix('.failed.txt').read_text()
    )
    with pytest.raises(UsageError, match='is there already'):
        infer(str(listing), out=out)
    other = tmp_path / 'train.safetensors'
    infer(str(folder / 'train.txt'), num_workers=0, out=other)
    check_settings(saved.settings, open_features(other).settings)
    assert not other.with_suffix('.failed.txt').exists()


def test_where_nothing_can_be_written_no_video_is_read(infer, tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(UsageError, match='cannot be written'):
        infer('missing.mp4', num_workers=0, out=tmp_path / 'file' / 'a.npy')


def test_a_training_is_enough(tmp_path, videos, infer):
    """Its own config is read, not run."""
    init_default_scope('vsslcodebase')
    text = (
        "model = dict(type='VideoSelfSupervisor', backbone=dict("
        "type='SmallR3D', widths=(4, 6), temporal_strides=(1, 2)), "
        'data_preprocessor=dict(type="ClipDataPreprocessor", to_bgr=True, '
        'mean=[102, 127.5, 153], std=[51, 63.75, 76.5]))\n'
        'train_dataloader = dict(dataset=dict(pipeline=['
        "dict(type='SampleUniformClips', clip_len=4, frame_interval=2), "
        "dict(type='CenterCrop', crop_size=16)]))\n"
    )
    holder = torch.nn.Module()
    holder.backbone = small_network(SMALL)
    path = save_training(tmp_path, holder, text)
    other = VideoFeatureInferencer(path, num_clips=3, show_progress=False)
    np.testing.assert_allclose(
        other(videos, num_workers=0)['features'],
        infer(videos, num_workers=0)['features'],
        rtol=1e-4,
        atol=1e-5,
    )


def test_a_bar_is_shown_on_stderr(infer, videos, capsys):
    infer(videos, num_workers=0, progress=True)
    shown = capsys.readouterr()
    assert '3/3' in shown.err
    assert not shown.out
    infer(videos, num_workers=0)
    assert not capsys.readouterr().err


def test_the_package_has_it():
    assert vsslcodebase.VideoFeatureInferencer is VideoFeatureInferencer
    with pytest.raises(AttributeError, match='no attribute'):
        _ = vsslcodebase.VideoInferencer


@pytest.mark.parametrize(
    ('arguments', 'kind', 'message'),
    [
        (dict(model=3), TypeError, "got <class 'int'>"),
        (dict(model='missing.pth'), FileNotFoundError, 'missing'),
        (dict(model='missing.py'), UsageError, 'no config file'),
        (dict(model='a.pth', weights='b.pth'), ValueError, 'leave weights'),
        (dict(model='a.pth', num_clips=0), ValueError, 'at least 1, got 0'),
        (dict(model=torch.nn.ReLU()), ValueError, 'needs a contract'),
        (
            dict(model='a.pth', contract=contract_of(4, 16)),
            ValueError,
            'leave contract out',
        ),
        (
            dict(model=torch.nn.ReLU(), contract=contract_of(None, 16)),
            ValueError,
            'does not say the num_frames',
        ),
    ],
)
def test_arguments_that_do_not_fit_are_told(arguments, kind, message):
    with pytest.raises(kind, match=message):
        VideoFeatureInferencer(**arguments)


def test_wrong_options_of_a_call_are_told(infer, videos):
    with pytest.raises(ValueError, match="got 'ignore'"):
        infer(videos, on_error='ignore')
    with pytest.raises(ValueError, match='batch_size must be 1 or more'):
        infer(videos, batch_size=0)
