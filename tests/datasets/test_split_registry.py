"""Lists of videos are recognised by digests."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
from config_files import load, tool

from vsslcodebase.datasets import split_registry
from vsslcodebase.datasets.split_registry import (
    identify,
    registered_splits,
    split_table,
)

ROOT = Path(__file__).resolve().parents[2]
VIDEOS = [('a/one.avi', 0), ('b/two three.avi', 1), ('b/four.avi', 1)]


def sha256(*lines: str) -> str:
    return hashlib.sha256(''.join(lines).encode()).hexdigest()


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """A registry of one split, written by hand."""
    entry = dict(
        name='toy/train1',
        videos=3,
        classes=2,
        names=sha256('four 0\n', 'one 0\n', 'two three 0\n'),
        labels=sha256('four 1\n', 'one 0\n', 'two three 1\n'),
        lists=['toy/train_split1.txt'],
        source='`train.txt`',
    )
    other = entry | dict(
        name='toy/test1', names='0' * 64, labels='1' * 64, lists=['toy/t.txt']
    )
    dataset = dict(title='Toy', url='https://toy.org', numbering='by name')
    path = tmp_path / 'splits.json'
    path.write_text(
        json.dumps(dict(datasets=dict(toy=dataset), splits=[entry, other]))
    )
    monkeypatch.setattr(split_registry, 'REGISTRY', path)
    registered_splits.cache_clear()
    yield tmp_path / 'toy'
    registered_splits.cache_clear()


def write(path, videos, delimiter=' '):
    path.parent.mkdir(exist_ok=True)
    path.write_text(''.join(f'{v}{delimiter}{n}\n' for v, n in videos))
    return path


@pytest.mark.parametrize(
    'videos',
    [
        VIDEOS,
        VIDEOS[::-1],
        [(f'/abs/{video}', label) for video, label in VIDEOS],
        [(video.replace('avi', 'MP4'), label) for video, label in VIDEOS],
        [(Path(video).stem, label) for video, label in VIDEOS],  # folders
    ],
)
def test_order_folders_and_suffixes_do_not_matter(registry, videos):
    found = identify(write(registry / 'mine.txt', videos))
    assert found.split is not None
    assert (found.split.name, found.videos) == ('toy/train1', 3)
    assert found.is_numbered_alike
    digits = found.split.labels[:12]
    line = f'{registry}/mine.txt = toy/train1, 3 videos, sha256 {digits}'
    assert str(found) == line


def test_other_class_numbers_are_told(registry):
    videos = [(video, 1 - label) for video, label in VIDEOS]
    found = identify(write(registry / 'mine.txt', videos))
    assert found.split is not None
    assert not found.is_numbered_alike
    assert str(found).endswith('(its classes are not numbered by name)')


def test_a_list_that_lacks_videos_is_no_split(registry):
    found = identify(write(registry / 'train_split1.txt', VIDEOS[:2]))
    assert (found.split, found.videos) == (None, 2)
    digits = sha256('one 0\n', 'two three 1\n')[:12]
    assert str(found) == (
        f'{registry}/train_split1.txt is no registered split, 2 videos, '
        f'sha256 {digits}; toy/train1 has 3'
    )
    # nothing is known of what others call their lists
    found = identify(write(registry / 'others.txt', VIDEOS[:2]))
    assert str(found).endswith(digits)


def test_others_in_the_place_of_a_split_are_told(registry):
    videos = [*VIDEOS[:2], ('five.avi', 1)]
    found = identify(write(registry / 'train_split1.txt', videos))
    assert str(found).endswith('; toy/train1 has as many, but others')


def test_a_split_under_the_name_of_another_is_told(registry):
    found = identify(write(registry / 't.txt', VIDEOS))
    assert str(found).endswith(', though it is named after toy/test1')


def test_a_video_named_twice_is_another_list(registry):
    found = identify(write(registry / 'mine.txt', [*VIDEOS, VIDEOS[0]]))
    assert found.split is None


def test_only_what_is_read_counts(registry):
    path = write(registry / 'train_split1.txt', [*VIDEOS, ('x.avi', 0)])
    assert identify(path).split is None
    part = identify(path, num_videos=3)
    assert part.split is not None
    assert str(part).startswith(f'{path} (its first videos) = toy/train1, ')
    assert 'named after' not in str(identify(path, num_videos=2))
    assert 'first' not in str(identify(path, num_videos=9))


def test_another_delimiter(registry):
    path = write(registry / 'mine.csv', VIDEOS, ',')
    assert identify(path, ',').is_numbered_alike


def test_the_table_says_what_is_registered(registry):
    names = sha256('four 0\n', 'one 0\n', 'two three 0\n')[:12]
    labels = sha256('four 1\n', 'one 0\n', 'two three 1\n')[:12]
    row = f'| `toy/train1` | 3 | 2 | `{names}` | `{labels}` | `train.txt` |'
    assert row in split_table().splitlines()


def test_the_page_has_the_table():
    assert split_table() in (ROOT / 'docs' / 'splits.md').read_text()


def test_digests_are_whole_and_tell_all_splits_apart():
    splits = registered_splits().values()
    digests = [d for split in splits for d in (split.names, split.labels)]
    assert len(digests) == len(set(digests)) == 66
    assert all(re.fullmatch('[0-9a-f]{64}', digest) for digest in digests)
    lists = [name for split in splits for name in split.lists]
    assert len(lists) == len(set(lists))


@pytest.mark.parametrize(
    ('name', 'videos', 'classes'),
    [
        ('ucf101/train1', 9537, 101),  # Soomro et al. (2012)
        ('ucf101/test1', 3783, 101),
        ('ucf101/train2', 9586, 101),
        ('ucf101/test2', 3734, 101),
        ('ucf101/train3', 9624, 101),
        ('ucf101/test3', 3696, 101),
        *((f'hmdb51/train{k}', 3570, 51) for k in '123'),  # 70 a class
        *((f'hmdb51/test{k}', 1530, 51) for k in '123'),  # 30 a class
        ('smarthome/cs_train', 10682, 31),
        ('smarthome/cs_test', 16115 - 10682, 31),  # Das et al. (2019)
        ('k400/val', 19906, 400),
    ],
)
def test_sizes_are_the_published_ones(name, videos, classes):
    split = registered_splits()[name]
    assert (split.videos, split.classes) == (videos, classes)


@pytest.mark.parametrize('dataset', ['ucf101', 'hmdb51'])
@pytest.mark.parametrize('number', '123')
def test_shares_have_the_size_that_the_tool_gives(dataset, number):
    splits = registered_splits()
    whole = splits[f'{dataset}/train{number}']
    for percent in (1, 10):
        part = splits[f'{whole.name}_{percent}pct']
        wanted = int(percent / 100 * whole.videos + 0.5)
        assert part.videos == max(wanted, whole.classes)
        assert part.classes == whole.classes  # at least one of each
        (name,) = whole.lists
        assert part.lists == (name.replace('.', f'_{percent}pct.'),)


def test_parts_of_smarthome_make_up_the_whole():
    videos = {n: s.videos for n, s in registered_splits().items()}
    assert videos['smarthome/cs_train'] == (
        videos['smarthome/cs_train_without_val'] + videos['smarthome/cs_val']
    )


def test_lists_of_smarthome_are_called_as_the_converter_does():
    parts = tool('data/smarthome').PARTS
    written = {f'smarthome/annotations/{part}.txt' for part in parts}
    assert written == {
        name
        for split in registered_splits().values()
        if split.name.startswith('smarthome/')
        for name in split.lists
    }


@pytest.mark.parametrize(
    ('config', 'train', 'test'),
    [
        ('ucf101', 'ucf101/train1', 'ucf101/test1'),
        ('hmdb51', 'hmdb51/train1', 'hmdb51/test1'),
        ('smarthome', 'smarthome/cs_train', 'smarthome/cs_test'),
        ('smarthome_cv2', 'smarthome/cv2_train', 'smarthome/cv_test'),
    ],
)
def test_configs_look_for_registered_lists(config, train, test):
    cfg = load(ROOT / f'configs/_base_/datasets/{config}.py')
    for stage, name in (('train', train), ('test', test)):
        path = cfg[f'{stage}_dataloader'].dataset.ann_file
        expected = split_registry._named_after(path)
        assert expected is not None
        assert expected.name == name
