"""What the tool prints of a list, and how it ends."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from vsslcodebase.datasets import split_registry

TOOL = Path(__file__).parents[3] / 'tools' / 'data' / 'check_split.py'


@pytest.fixture
def run_tool(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path('one.txt').write_text('a.mp4 0\nb.mp4 1\n')
    Path('two.txt').write_text('c.mp4,1\n')

    def run(*words):
        monkeypatch.setattr(sys, 'argv', ['check_split.py', *words])
        runpy.run_path(str(TOOL), run_name='__main__')

    return run


def test_an_unknown_list_ends_with_1(run_tool, capsys):
    with pytest.raises(SystemExit) as end:
        run_tool('one.txt')
    assert end.value.code == 1
    line, names, labels = capsys.readouterr().out.splitlines()
    assert line.startswith('one.txt is no registered split, 2 videos, sha256 ')
    found = split_registry.identify('one.txt')
    assert names == f'  names             {found.names}'
    assert labels == f'  names and labels  {found.labels}'


def test_known_lists_end_well(run_tool, monkeypatch, capsys):
    known = split_registry.registered_splits()['hmdb51/train1']
    splits = {}
    for path, delimiter in (('one.txt', ' '), ('two.txt', ',')):
        found = split_registry.identify(path, delimiter)
        splits[path] = known._replace(
            name=path, names=found.names, labels=found.labels
        )
    monkeypatch.setattr(split_registry, 'registered_splits', lambda: splits)
    run_tool('one.txt')
    run_tool('two.txt', '--delimiter', ',')
    assert 'two.txt = two.txt, 1 video, sha256' in capsys.readouterr().out


def test_a_missing_list_is_one_sentence(run_tool):
    with pytest.raises(SystemExit, match=r"error: no list of .*'none\.txt'"):
        run_tool('none.txt')
