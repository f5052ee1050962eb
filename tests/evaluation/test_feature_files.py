import json
import random

import numpy as np
import pytest
import torch
from torch import nn

from vsslcodebase.evaluation import feature_files, open_features

VALUES = np.arange(12, dtype=np.float32).reshape(3, 4)


def write(path, values=VALUES, rows=3, settings=None):
    array = feature_files.create_array(path, values.shape)
    array[:] = values
    array.flush()
    lines = [
        dict(row=row, filename=f'{row}.mp4', label=row % 2, video_id=7 + row)
        for row in range(rows)
    ]
    feature_files.index_path(path).write_text(
        ''.join(json.dumps(line) + '\n' for line in lines)
    )
    text = json.dumps(settings or dict(layer='last'))
    feature_files.settings_path(path).write_text(text)
    return path


@pytest.mark.parametrize('suffix', feature_files.SUFFIXES)
def test_what_is_written_is_read(tmp_path, suffix):
    found = open_features(write(tmp_path / f'test{suffix}'))
    assert torch.equal(found.videos.features, torch.from_numpy(VALUES))
    assert found.videos.labels.tolist() == [0, 1, 0]
    assert found.videos.video_ids.tolist() == [7, 8, 9]
    assert found.videos.filenames == ['0.mp4', '1.mp4', '2.mp4']
    assert found.settings == dict(layer='last')


def test_numpy_reads_the_npy(tmp_path):
    path = write(tmp_path / 'test.npy')
    assert (np.load(path) == VALUES).all()


def test_safetensors_is_the_published_format(tmp_path):
    raw = write(tmp_path / 'test.safetensors').read_bytes()
    size = int.from_bytes(raw[:8], 'little')
    assert size % 8 == 0
    assert json.loads(raw[8 : 8 + size]) == dict(
        features=dict(dtype='F32', shape=[3, 4], data_offsets=[0, 48])
    )
    assert raw[8 + size :] == VALUES.astype('<f4').tobytes()


def test_a_tensor_of_a_file_does_not_change_the_file(tmp_path):
    path = write(tmp_path / 'test.npy')
    open_features(path).videos.features.zero_()
    assert (np.load(path) == VALUES).all()


def test_a_line_that_was_cut_off_does_not_count(tmp_path):
    path = write(tmp_path / 'test.npy')
    index = feature_files.index_path(path)
    index.write_text(index.read_text()[:-5])
    assert [row['row'] for row in feature_files.read_index(index)] == [0, 1]
    with pytest.raises(ValueError, match='has 2 of 3 videos'):
        open_features(path)


@pytest.mark.parametrize('name', ['test.npy', 'test.jsonl', 'test.json'])
def test_all_three_files_are_needed(tmp_path, name):
    path = write(tmp_path / 'test.npy')
    (tmp_path / name).unlink()
    with pytest.raises(FileNotFoundError, match=f'there is no .*{name};'):
        open_features(path)


def test_nothing_is_no_feature(tmp_path):
    path = write(tmp_path / 'test.npy', VALUES[:0], rows=0)
    with pytest.raises(ValueError, match='has 0 of 0'):
        open_features(path)


def test_other_arrays_are_refused(tmp_path):
    path = write(tmp_path / 'test.npy')
    np.save(path, VALUES.astype(np.float64))
    with pytest.raises(ValueError, match=r'float64 \(3, 4\), expected float'):
        open_features(path)
    with pytest.raises(ValueError, match=r'\.npy or \.safetensors, got'):
        feature_files.create_array(tmp_path / 'test.txt', (1, 1))


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'hello', 'no safetensors file'),
        (b'\2\0\0\0\0\0\0\0{}', 'no safetensors file'),
        (None, 'cut off'),
    ],
)
def test_damaged_safetensors_are_seen(tmp_path, content, message):
    path = write(tmp_path / 'test.safetensors')
    path.write_bytes(path.read_bytes()[:-1] if content is None else content)
    with pytest.raises(ValueError, match=message):
        open_features(path)


@pytest.mark.parametrize('suffix', ['.npy', '.safetensors'])
def test_damage_of_any_kind_is_named(tmp_path, suffix):
    """Cut files, and files with bits that are other ones."""
    path = write(tmp_path / f'torn{suffix}')
    files = [path, feature_files.index_path(path), path.with_suffix('.json')]
    rng, told = random.Random(0), []
    for file in files:
        whole = file.read_bytes()
        ends = [None, *range(len(whole))]
        for _ in range(60):
            content = bytearray(whole[: rng.choice(ends)])
            if content:
                place = rng.randrange(len(content))
                content[place] ^= 1 << rng.randrange(8)
            file.write_bytes(content)
            try:
                open_features(path)
            except ValueError as error:
                told.append(str(error))
        file.write_bytes(whole)
    assert len(told) > 100  # of 180
    assert [message for message in told if 'torn' not in message] == []


@pytest.mark.parametrize(
    'content', [b'PK\x03\x04 a zip', b'\x93NUMPY', b'\x80\x04N.', b'']
)
def test_other_files_are_no_arrays(tmp_path, content):
    path = write(tmp_path / 'test.npy')
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r'test\.npy is no whole array'):
        open_features(path)


def test_arrays_of_objects_are_not_unpickled(tmp_path):
    path = write(tmp_path / 'test.npy')
    np.save(path, np.array([dict()]), allow_pickle=True)
    with pytest.raises(ValueError, match=r'test\.npy is no whole array'):
        open_features(path)


@pytest.mark.parametrize('line', ['[1]', '{"row": 0}', '{"row": '])
def test_a_wrong_line_of_the_index_is_named(tmp_path, line):
    path = write(tmp_path / 'test.npy')
    index = feature_files.index_path(path)
    index.write_text(index.read_text() + f'{line}\n')
    with pytest.raises(ValueError, match=r'test\.jsonl, line 4'):
        open_features(path)


def test_digest_tells_weights_and_statistics_apart():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    digests = [feature_files.weights_digest(net)]
    assert digests == [feature_files.weights_digest(net)]
    for value in (net[0].weight.data, net[1].running_mean):
        value[0] += 1
        digests.append(feature_files.weights_digest(net))
    assert len(set(digests)) == 3
