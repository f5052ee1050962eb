"""Tests here build what configs name, in our scope, on one thread."""

import pytest
import torch
from mmengine.registry import init_default_scope


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
