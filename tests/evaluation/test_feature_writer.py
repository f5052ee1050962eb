"""Features on disk against those in memory, whole and in parts."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from feature_toys import STOP, toy_dataset, toy_model

from vsslcodebase.evaluation import extract_features, open_features
from vsslcodebase.evaluation.feature_writer import (
    SettingsError,
    build_in_order,
    save_features,
)
from vsslcodebase.evaluation.layers import LayerReader
from vsslcodebase.registry import DATASETS

LABELS = (0, 1, 2, 0, 1, 2, -1)
FILES = ('npy', 'jsonl', 'json')


@pytest.fixture(autouse=True)
def _read_all():
    STOP.clear()
    yield
    STOP.clear()


@pytest.fixture
def dataset(tmp_path):
    return DATASETS.build(toy_dataset(tmp_path, 'some', LABELS))


def save(dataset, path, layer='p5', average_clips=True, report=None):
    model = toy_model()
    return save_features(
        model,
        dataset,
        path,
        LayerReader(model.backbone, layer),
        settings=dict(layer=layer, dataset=dict(size=len(dataset))),
        loader=dict(batch_size=3, num_workers=0),
        average_clips=average_clips,
        report=report,
    )


@pytest.mark.parametrize('average', [True, False])
def test_disk_and_memory_hold_the_same_bits(dataset, tmp_path, average):
    path = tmp_path / 'new' / 'test.npy'
    assert save(dataset, path, average_clips=average) == 7
    loader = build_in_order(dict(dataset=dataset, batch_size=3, num_workers=0))
    memory = extract_features(
        toy_model(), loader, average_clips=average, progress=False, layer='p5'
    )
    disk = open_features(path).videos
    assert torch.equal(disk.features, memory.features)
    assert disk.labels.tolist() == memory.labels.tolist() == list(LABELS)
    assert disk.video_ids.tolist() == memory.video_ids.tolist()
    assert disk.filenames == memory.filenames
    assert disk.features.shape == ((7, 40) if average else (7, 2, 40))


@pytest.mark.parametrize('suffix', ['npy', 'safetensors'])
@pytest.mark.parametrize('stop', range(7))
def test_an_interrupted_run_goes_on_to_the_same_files(
    dataset, tmp_path, stop, suffix
):
    whole, parts = tmp_path / f'w.{suffix}', tmp_path / f'p.{suffix}'
    save(dataset, whole)
    STOP[f'some/{stop}.mp4'] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        save(dataset, parts)
    STOP.clear()
    reports = []
    written = save(dataset, parts, report=lambda *now: reports.append(now))
    assert written == 7 - stop // 3 * 3
    assert reports[0] == (7 - written, 7)
    assert reports[-1] == (7, 7)
    assert save(dataset, parts) == 0
    for kind in (suffix, 'jsonl', 'json'):
        one, other = (p.with_suffix(f'.{kind}') for p in (whole, parts))
        assert one.read_bytes() == other.read_bytes(), kind


def test_a_batch_that_was_cut_off_is_done_again(dataset, tmp_path):
    whole, parts = tmp_path / 'whole.npy', tmp_path / 'parts.npy'
    save(dataset, whole)
    save(dataset, parts)
    index = parts.with_suffix('.jsonl')
    lines = index.read_text().splitlines(True)
    index.write_text(''.join(lines[:4]) + lines[4][:9])
    array = np.load(parts, mmap_mode='r+')
    array[3:] = -1
    array.flush()
    assert save(dataset, parts) == 4
    for kind in FILES:
        one, other = (p.with_suffix(f'.{kind}') for p in (whole, parts))
        assert one.read_bytes() == other.read_bytes(), kind


def test_other_settings_are_not_mixed_in(dataset, tmp_path):
    path = tmp_path / 'test.npy'
    save(dataset, path)
    before = path.read_bytes()
    with pytest.raises(SettingsError) as error:
        save(dataset, path, layer='stages.0')
    assert "layer: 'p5' there, 'stages.0' now" in str(error.value)
    assert 'dataset' not in str(error.value)
    assert path.read_bytes() == before


def test_differences_are_named_to_the_key(dataset, tmp_path):
    path = tmp_path / 'test.npy'
    save(dataset, path)
    dataset = DATASETS.build(toy_dataset(tmp_path, 'less', LABELS[:2]))
    with pytest.raises(SettingsError, match='dataset: size: 7 there, 2 now'):
        save(dataset, path)


def test_what_is_not_ours_is_not_overwritten(dataset, tmp_path):
    path = tmp_path / 'test.npy'
    path.write_text('precious')
    with pytest.raises(ValueError, match=r'its settings test\.json'):
        save(dataset, path)
    assert path.read_text() == 'precious'


def test_no_videos_have_no_features(tmp_path):
    with pytest.raises(ValueError, match='no videos to take features of'):
        save([], tmp_path / 'test.npy')


def test_a_stream_of_videos_is_refused(dataset, tmp_path):
    with pytest.raises(TypeError, match='; generator has none'):
        save_features(
            None, (row for row in dataset), tmp_path / 'a.npy', None, {}, {}
        )


def test_the_model_keeps_its_mode(dataset, tmp_path):
    model = toy_model().train()
    reader = LayerReader(model.backbone)
    STOP['some/4.mp4'] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        save_features(
            model, dataset, tmp_path / 'a.npy', reader, {}, dict(batch_size=3)
        )
    assert model.training


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
sys.path.insert(0, sys.argv[1] + '/evaluation')
from pathlib import Path
from feature_toys import toy_dataset
from mmengine.registry import init_default_scope
from test_feature_writer import LABELS, save
from vsslcodebase.registry import DATASETS
init_default_scope('vsslcodebase')
folder = Path(sys.argv[2])
def die(done, total):
    if done == 6:
        os.kill(os.getpid(), signal.SIGKILL)
save(DATASETS.build(toy_dataset(folder, 'some', LABELS)),
     folder / 'parts.npy', report=die)
"""


@pytest.mark.slow
def test_a_killed_process_loses_no_finished_batch(dataset, tmp_path):
    tests = str(Path(__file__).resolve().parents[1])
    done = subprocess.run(
        [sys.executable, '-c', KILLED, tests, str(tmp_path)], check=False
    )
    assert done.returncode == -9
    whole, parts = tmp_path / 'whole.npy', tmp_path / 'parts.npy'
    index = parts.with_suffix('.jsonl').read_text().splitlines()
    assert [json.loads(line)['row'] for line in index] == [*range(6)]
    assert save(dataset, parts) == 1
    save(dataset, whole)
    for kind in FILES:
        one, other = (p.with_suffix(f'.{kind}') for p in (whole, parts))
        assert one.read_bytes() == other.read_bytes(), kind
