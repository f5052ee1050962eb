"""Eight toy videos with a config and a checkpoint, in our scope."""

import pytest
from mmengine.registry import init_default_scope
from toy_project import write_project


@pytest.fixture(autouse=True)
def _our_scope():
    init_default_scope('vsslcodebase')


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('toy videos')
    write_project(folder)
    return folder
