"""A malformed checkpoint is an error that names its file."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer, MMLogger

from vsslcodebase.checkpoints.importers.renaming import peer_state
from vsslcodebase.checkpoints.published import read_published
from vsslcodebase.compat import CheckpointError, load_checkpoint
from vsslcodebase.models.backbones.pretrained import read_state_dict

READERS = [load_checkpoint, read_state_dict, peer_state, read_published]


@pytest.fixture(autouse=True)
def _quiet():
    """Each reading is a line in mmengine's log."""
    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(level)


def damaged(whole: bytes, rng: random.Random) -> Iterator[bytes]:
    """Yield cut files, and files with bits that are other ones."""
    for _ in range(40):
        yield whole[: rng.randrange(len(whole))]
    names = whole.find(b'data.pkl')
    for number in (1, 1, 10):
        for _ in range(20):
            everywhere, near = bytearray(whole), bytearray(whole)
            for _ in range(number):
                everywhere[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
                near[names + rng.randrange(500)] ^= 1 << rng.randrange(8)
            yield bytes(everywhere)
            yield bytes(near)


def complaint(read: Callable[[str], object], path: Path) -> str | None:
    """Return what a reader says of a file; None if it reads it."""
    try:
        read(str(path))
    except (CheckpointError, ValueError) as error:
        return str(error)
    return None


def test_damage_is_found_or_does_no_harm(tmp_path):
    path = tmp_path / 'torn.pth'
    torch.save(
        dict(
            meta=dict(epoch=3, seed=0, config='model = 1'),
            state_dict={'backbone.conv.weight': torch.rand(4, 3)},
            message_hub=dict(loss=HistoryBuffer([0.5], [1])),
            step=np.int64(7),
        ),
        path,
    )
    whole = path.read_bytes()
    found = []
    for content in damaged(whole, random.Random(0)):
        path.write_bytes(content)
        found += [complaint(read, path) for read in READERS]
    told = [message for message in found if message is not None]
    assert all('torn.pth' in message for message in told)
    assert len(told) > 300  # of 640; the others changed a number or a name


@pytest.mark.parametrize(
    'content',
    [
        None,
        3,
        'text',
        torch.rand(2),
        [torch.rand(2)],
        dict(),
        dict(state_dict=None),
        dict(state_dict=[torch.rand(2)]),
        dict(state_dict={1: torch.rand(2)}),
        dict(state_dict={'a': 'b'}),
        dict(meta=3, state_dict={'a': torch.rand(2)}),
        dict(meta=dict(format='vsslcodebase'), state_dict={'a': 1}),
    ],
    ids=repr,
)
def test_files_of_something_else_are_named(tmp_path, content):
    path = tmp_path / 'other.pth'
    torch.save(content, path)
    told = [complaint(read, path) for read in READERS[1:]]
    assert all('other.pth' in message for message in told if message)
    with pytest.raises(CheckpointError, match=r'other\.pth'):
        read_published(path)


def test_names_that_are_no_text_are_left_out(tmp_path):
    path = tmp_path / 'odd.pth'
    torch.save({1: torch.ones(1), 'a': torch.ones(2)}, path)
    assert list(read_state_dict(str(path))) == ['a']
    assert list(peer_state(path)) == ['a']


def test_a_file_that_may_not_be_read_is_no_damage(tmp_path, monkeypatch):
    path = tmp_path / 'a.pth'
    path.touch()

    def refuse(*args, **kwargs):
        raise PermissionError(13, 'Permission denied', str(path))

    monkeypatch.setattr(torch, 'load', refuse)
    with pytest.raises(PermissionError, match=r'a\.pth'):
        load_checkpoint(path)
