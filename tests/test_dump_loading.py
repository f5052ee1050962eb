"""Dumped predictions are read, and run nothing."""

from __future__ import annotations

import codecs
import os
import pickle
import random

import mmengine
import numpy as np
import pytest
import torch
from test_compat import Call

from vsslcodebase.compat import CheckpointError
from vsslcodebase.compat.dump_loading import load_dump

SAMPLES = [
    dict(
        pred_score=torch.tensor([0.25, 0.75]),
        gt_label=torch.tensor([1]),
        view=torch.arange(6.0)[1:3],  # a part of a larger storage
        starts=np.array([3, 4]),
        share=np.float32(0.5),
        filename='a b.mp4',
        shape=(2, 3),
        nothing=None,
    )
]


@pytest.mark.parametrize('protocol', [2, 3, 4, 5])
def test_what_is_dumped_is_read(tmp_path, protocol):
    path = tmp_path / 'dump.pkl'
    mmengine.dump(SAMPLES, path, protocol=protocol)
    (read,) = load_dump(path)
    assert read['pred_score'].tolist() == [0.25, 0.75]
    assert read['gt_label'].dtype == torch.int64
    assert read['view'].tolist() == [1, 2]
    assert read['starts'].tolist() == [3, 4]
    assert read['share'] == 0.5
    for name in ('filename', 'shape', 'nothing'):
        assert read[name] == SAMPLES[0][name]


@pytest.mark.parametrize(
    ('call', 'named'),
    [
        (Call(os.system, 'touch {marker}'), 'posix.system'),
        (Call(exec, 'open("{marker}", "w")'), 'builtins.exec'),
        (Call(getattr, os, 'system'), 'builtins.getattr'),
        (Call(torch.load, '{marker}'), 'torch.serialization.load'),
        (Call(codecs.encode, 'a', 'rot13'), "'rot13'"),
    ],
    ids=lambda value: value if isinstance(value, str) else '',
)
def test_what_is_more_than_data_is_refused_by_name(tmp_path, call, named):
    marker, path = tmp_path / 'it ran', tmp_path / 'evil.pkl'
    function, arguments = call.call
    arguments = [
        a.format(marker=marker) if isinstance(a, str) else a
        for a in arguments
        if a is not os  # modules are not pickled
    ]
    path.write_bytes(pickle.dumps([Call(function, *arguments)]))
    with pytest.raises(CheckpointError, match=rf'evil\.pkl was ref.*{named}'):
        load_dump(path)
    assert not marker.exists()


def test_the_numbers_of_a_tensor_are_no_way_around(tmp_path):
    """torch stores them as a pickle inside of the pickle."""
    marker, path = tmp_path / 'it ran', tmp_path / 'evil.pkl'
    inner = pickle.dumps(Call(os.system, f'touch "{marker}"'), 2)
    path.write_bytes(pickle.dumps(Call(torch.storage._load_from_bytes, inner)))
    with pytest.raises(CheckpointError, match=r'evil\.pkl'):
        load_dump(path)
    assert not marker.exists()


def test_damaged_files_are_named(tmp_path):
    whole = pickle.dumps(SAMPLES)
    path = tmp_path / 'torn.pkl'
    rng = random.Random(0)
    for _ in range(60):
        content = bytearray(whole[: rng.randrange(len(whole))])
        if content:
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=r'torn\.pkl'):
            load_dump(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'none\.pkl'):
        load_dump(tmp_path / 'none.pkl')
