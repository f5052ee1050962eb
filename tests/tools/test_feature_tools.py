"""From a config to features, recalls and pictures, as a user does it."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch
from toy_project import LABELS, load_tool

from vsslcodebase.engine.arguments import parse_test
from vsslcodebase.engine.launch import run_test
from vsslcodebase.evaluation import open_features
from vsslcodebase.visualization.retrieval_sheet import GREEN, RED


@pytest.fixture
def extract(call, folder):
    def run(out, split, *words):
        call(
            'extract_features',
            folder / 'retrieve.py',
            folder / 'method.pth',
            *('--split', split, '--out', out, *words),
        )

    return run


@pytest.fixture(scope='module')
def extracted(folder):
    """Folder with features of both splits, which tests leave as it is."""
    out = folder / 'features'
    paths = (folder / 'retrieve.py', folder / 'method.pth')
    for split in LABELS:
        words = [*paths, '--split', split, '--out', out, '--layer', 'p5']
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, 'argv', ['', *map(str, words)])
            load_tool('extract_features').main()
    return out


@pytest.fixture
def features(extracted, tmp_path):
    """A copy of them."""
    return Path(shutil.copytree(extracted, tmp_path / 'features'))


def test_offline_recall_is_that_of_the_test(call, folder, features, capsys):
    words = [folder / 'retrieve.py', folder / 'method.pth', '--work-dir']
    found = run_test(parse_test([*map(str, words), str(features / 'work')]))
    capsys.readouterr()
    pair = (features / 'train.npy', features / 'test.npy')
    call('analysis/retrieval', *pair, '--topk', 1, 2, 3, '--json')
    offline = json.loads(capsys.readouterr().out)
    assert offline == {k: found[f'retrieval/{k}'] for k in offline}
    assert list(offline) == ['R@1', 'R@2', 'R@3']
    assert {'first/R@1', 'first/R@2', 'first/R@3'} < set(found)
    call('analysis/retrieval', *pair)
    said = capsys.readouterr().out
    assert '3 queries, 5 videos in the gallery; SmallR3D, layer last' in said
    assert f'R@1 {offline["R@1"]:7.2%}' in said


def test_offline_knn_is_that_of_the_test(call, folder, features, capsys):
    words = [folder / 'retrieve.py', folder / 'method.pth', '--work-dir']
    found = run_test(parse_test([*map(str, words), str(features / 'work')]))
    capsys.readouterr()
    pair = (features / 'train.npy', features / 'test.npy')
    words = (*pair, '--k', 1, 3, '--temperature', 0.1)
    call('analysis/knn', *words, '--json')
    offline = json.loads(capsys.readouterr().out)
    assert offline == {k: found[f'knn/{k}'] for k in offline}
    assert [*offline][::3] == ['top1_k1', 'top1_k3']
    call('analysis/knn', *words)
    said = capsys.readouterr().out
    assert f'mean1_k3 {offline["mean1_k3"]:7.2%}' in said
    with pytest.raises(ValueError, match='found in a gallery of 5'):
        call('analysis/knn', *pair)


def test_index_and_settings_tell_what_was_done(features, folder):
    lines = (features / 'test.jsonl').read_text().splitlines()
    assert json.loads(lines[1]) == dict(
        row=1, filename=str(folder / 'test_6.mp4'), label=1, video_id=1
    )
    found = open_features(features / 'test.npy')
    assert found.videos.features.shape == (3, 6 * 2 * 2 * 2)
    assert found.settings['pool'] == 'max'
    assert found.settings['dataset']['ann_file'].endswith('test.txt')
    assert found.settings['data_preprocessor']['std'][0] == pytest.approx(
        58.395
    )


def test_clips_average_to_videos_in_any_format(extract, features):
    extract(
        features / 'clips',
        *('test', '--layer', 'p5', '--level', 'clip'),
        *('--format', 'safetensors'),
    )
    clips = open_features(features / 'clips' / 'test.safetensors').videos
    videos = open_features(features / 'test.npy').videos
    assert clips.features.shape == (3, 2, 48)
    torch.testing.assert_close(clips.features.mean(1), videos.features)


def test_a_second_call_has_nothing_to_do(extract, features, capsys):
    extract(features, 'test', '--layer', 'p5')
    said = capsys.readouterr().out
    assert '3 of 3 videos are there' in said
    assert '0 videos written, 3 in all' in said
    with pytest.raises(ValueError, match="layer: 'last' there, 'stages"):
        extract(features, 'test', '--layer', 'stages.0')


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['--split', 'val'], 'no val_dataloader; --split test'),
        (['--layer', 'conv5'], 'has no layer'),
        (
            ['--cfg-options', 'test_dataloader.dataset.ann_file=none.txt'],
            r'no list file none\.txt',
        ),
    ],
)
def test_errors_of_use_are_told(call, folder, tmp_path, words, message):
    paths = (folder / 'retrieve.py', folder / 'method.pth')
    with pytest.raises(ValueError, match=message):
        call('extract_features', *paths, '--out', tmp_path, *words)


def test_a_checkpoint_that_is_not_there_is_told(call, folder, tmp_path):
    paths = (folder / 'retrieve.py', folder / 'none.pth')
    with pytest.raises(ValueError, match='there is no checkpoint'):
        call('extract_features', *paths, '--out', tmp_path)


def test_a_checkpoint_of_another_network_is_told(call, folder, tmp_path):
    paths = (folder / 'retrieve.py', folder / 'method.pth')
    option = 'model.backbone.widths=(4,8)'
    with pytest.raises(ValueError, match='does not fit SmallR3D'):
        call(
            'extract_features',
            *(*paths, '--out', tmp_path, '--cfg-options', option),
        )


def test_gallery_picture_frames_right_and_wrong(call, features):
    out = features / 'new' / 'found.png'
    names = features / 'names.txt'
    names.write_text('push\npull\nopen\n')
    pair = (features / 'train.npy', features / 'test.npy')
    words = ('--nearest', 4, '--tile', 32, '--frames', 3, '--out', out)
    call('visualization/retrieval_gallery', *pair, *words, '--classes', names)
    image = cv2.imread(str(out))[..., ::-1]
    corners = [
        tuple(image[0, 1 + 12 + column * (3 * 32 + 6 + 2)])
        for column in range(1, 5)
    ]
    gallery, query = (open_features(path).videos for path in pair)
    unit = [
        torch.nn.functional.normalize(videos.features.double())
        for videos in (gallery, query)
    ]
    order = (unit[1] @ unit[0].T).argsort(descending=True)[0, :4]
    right = gallery.labels[order] == query.labels[0]
    assert corners == [GREEN if good else RED for good in right]
    assert 0 < right.sum() < 4


def test_gallery_picture_needs_the_videos(call, features, folder):
    pair = (features / 'train.npy', features / 'test.npy')
    index = features / 'test.jsonl'
    index.write_text(index.read_text().replace('.mp4', '.avi'))
    with pytest.raises(ValueError, match='--root names the folder'):
        call(
            'visualization/retrieval_gallery',
            *(*pair, '--out', features / 'found.png'),
        )


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['--rows', '3'], '0 to 2, got 3'),
        (['--classes', 'none.txt'], 'no file of class names'),
        (['--out', 'found.foo'], 'is an image'),
        (['--root', 'elsewhere'], "which is not below --root 'elsewhere'"),
    ],
)
def test_gallery_picture_tells_errors(call, features, words, message):
    pair = (features / 'train.npy', features / 'test.npy')
    with pytest.raises(ValueError, match=message):
        call('visualization/retrieval_gallery', *pair, *words)


@pytest.fixture
def attention(call, folder, tmp_path):
    def run(name, *words):
        videos = [folder / 'test_5.mp4', folder / 'test_6.mp4']
        videos = videos[:1] if name.endswith('mp4') else videos
        paths = (folder / 'retrieve.py', folder / 'method.pth')
        out = tmp_path / 'new' / name
        call(
            'visualization/attention_map',
            *paths,
            *videos,
            *words,
            '--out',
            out,
            '--tile',
            32,
        )
        return out

    return run


def test_attention_sheet_has_a_row_per_video_and_pace(attention):
    image = cv2.imread(str(attention('a.png', '--paces', 1, 2, 3)))
    assert image.shape == (6 * (22 + 32 + 2), 4 * 34, 3)
    last = cv2.imread(str(attention('b.png', '--paces', 1, 2, 3, '--last')))
    assert last.shape == (2 * (22 + 32 + 2), 3 * 34, 3)
    # the last frame of pace 2: fourth column of row 2, second of row 1
    one = image[56 + 22 + 14 : 2 * 56 - 2, 3 * 34 : 3 * 34 + 32]
    other = last[22 + 14 : 56 - 2, 34 : 34 + 32]
    assert np.array_equal(one, other)


def test_attention_film_shows_every_frame(attention):
    path = attention('a.mp4', '--paces', 1, 2)
    with av.open(str(path)) as film:
        frames = [f.to_ndarray(format='rgb24') for f in film.decode(video=0)]
    assert np.stack(frames).shape == (8, 32, 32, 3)


@pytest.mark.parametrize(
    ('name', 'words', 'message'),
    [
        ('a.foo', [], 'an image or an .mp4'),
        ('a.png', ['--strength', '2'], '0 to 1, got 2'),
        ('a.png', ['--layer', 'conv7'], 'has no layer'),
        ('a.png', ['no.mp4'], 'the file does not exist'),
        ('a.mp4', ['other.mp4'], 'a film shows one video'),
    ],
)
def test_attention_tells_errors(attention, name, words, message):
    with pytest.raises(ValueError, match=message):
        attention(name, *words)
