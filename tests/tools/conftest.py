"""Tests here build what configs name, in our scope, on one thread."""

import sys

import pytest
import torch
from mmengine.registry import init_default_scope
from toy_project import load_tool, write_project


@pytest.fixture(autouse=True)
def _our_scope():
    init_default_scope('vsslcodebase')


@pytest.fixture(autouse=True)
def _one_thread():
    """Tiny networks are slower on several threads, much so on a busy CPU."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope='session')
def folder(tmp_path_factory):
    """Eight videos, their lists, a config and a checkpoint."""
    folder = tmp_path_factory.mktemp('toy videos')
    write_project(folder)
    return folder


@pytest.fixture
def call(monkeypatch, folder):
    """Run the main of a tool in this process."""

    def run(name, *words):
        command = [f'{name}.py', *map(str, words)]
        monkeypatch.setattr(sys, 'argv', command)
        load_tool(name).main()

    return run
