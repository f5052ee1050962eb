"""Tests here build what configs name, in our scope."""

import pytest
from mmengine.registry import init_default_scope


@pytest.fixture(autouse=True)
def _our_scope():
    init_default_scope('vsslcodebase')
