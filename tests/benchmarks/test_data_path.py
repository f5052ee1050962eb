"""The benchmark of the data path, on tiny videos."""

from importlib import import_module

import av
import numpy as np
import pytest

from vsslcodebase.datasets.readers import open_reader


@pytest.fixture
def videos():
    return import_module('_videos')


@pytest.fixture
def tiny(videos, tmp_path):
    spec = videos.VideoSpec(64, 48, 12, 4, gop=12, count=2)
    return videos.build_list('tiny', spec, tmp_path)


def test_videos_are_the_same_again_and_kept(videos, tiny, tmp_path):
    spec = videos.VideoSpec(64, 48, 12, 4, gop=12, count=2)
    first, second = sorted(tmp_path.glob('*.mp4'))
    assert first.read_bytes() != second.read_bytes()
    for _ in range(4):
        videos.encode(tmp_path / 'again.MP4', spec, seed=0)
        assert (tmp_path / 'again.MP4').read_bytes() == first.read_bytes()
    written = first.stat().st_mtime_ns
    assert videos.build_list('tiny', spec, tmp_path) == tiny
    assert first.stat().st_mtime_ns == written
    assert tiny.read_text() == f'{first} 0\n{second} 0\n'


def test_videos_move_and_have_the_promised_key_frames(videos, tiny):
    path = tiny.read_text().split(' 0\n')[0]
    with av.open(path) as container:
        packets = [p for p in container.demux(video=0) if p.size]
        keys = [i for i, p in enumerate(packets) if p.is_keyframe]
    assert (len(packets), keys) == (48, [0, 12, 24, 36])
    spec = videos.VideoSpec(64, 48, 12, 4, gop=12, count=2)
    frames = np.stack([*videos.draw_frames(spec, seed=0)]).astype(float)
    assert np.abs(frames[1:] - frames[:-1]).mean(axis=(1, 2, 3)).min() > 1
    assert frames.std(axis=(1, 2)).min() > 10  # no flat pictures


def test_floor_decodes_from_the_key_frame_to_the_last_wanted_frame(tiny):
    floor = import_module('_ours').DecodeFloor(tiny)
    video = floor._videos[0]
    with open_reader(tiny.read_text().split(' 0\n')[0], 'pyav') as reader:
        assert video.total_frames == reader.total_frames == 48
    # A key frame alone, a whole GOP, and none of the GOP in between
    assert video.decode([0]) == 1
    assert video.decode([0, 36, 47]) == 1 + 12
    assert video.decode(range(48)) == 48
    assert len(floor.frame_indices(epoch=3, video=1)) == 4 * 16


def test_floor_takes_the_frames_that_our_data_set_takes(tiny):
    ours = import_module('_ours')
    dataset = ours.build_dataset(tiny, 16, 'reference')
    dataset.set_epoch(5)
    dataset.pipeline.transforms[2:] = [lambda results: dict(results)]
    indices = ours.DecodeFloor(tiny).frame_indices(epoch=5, video=1)
    assert dataset[1]['frame_inds'].tolist() == indices.tolist()


def test_peer_and_ours_make_clips_of_one_shape(tiny):
    ours, peer = import_module('_ours'), import_module('_peer')
    datasets = [peer.build_dataset(tiny, 24)]
    for way in ('reference', 'worker', 'preprocessor', 'hsv'):
        datasets.append(ours.build_dataset(tiny, 24, way))
    for dataset in datasets:
        inputs = dataset[0]['inputs']
        assert tuple(inputs.shape) == (4, 3, 16, 24, 24)
        assert str(inputs.dtype) == 'torch.uint8'


@pytest.mark.slow
def test_quick_run_prints_a_row_for_every_case(tmp_path, capsys):
    data_path = import_module('data_path')
    data_path.main(
        [
            '--quick',
            '--cache',
            str(tmp_path),
            '--sections',
            'cases',
            'augmentation',
            'gpu',
        ]
    )
    rows = {}
    for line in capsys.readouterr().out.splitlines():
        cells = [cell.strip() for cell in line.strip('|').split('|')]
        rows.setdefault(cells[0], []).append(cells[1:])
    for case in data_path.CASES:
        milliseconds, ratios = rows[case.name]
        assert all(float(cell) > 0 for cell in milliseconds + ratios)
        assert float(ratios[4]) == case.target
    assert len(rows['worker']) == 1


def test_growth_is_a_number_of_mebibytes(tiny, capsys, monkeypatch):
    loading = import_module('_loading')
    monkeypatch.setattr(loading, 'WARM_UP_OPENS', 2)
    loading.print_growth(tiny, opens=3)
    assert abs(float(capsys.readouterr().out)) < 100
