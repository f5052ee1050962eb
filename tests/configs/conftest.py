"""Build what configs name in our scope, whatever ran before."""

import pytest
import torch
from mmengine.registry import DefaultScope, init_default_scope


@pytest.fixture(autouse=True)
def _our_scope():
    before = DefaultScope.get_current_instance()
    init_default_scope('vsslcodebase')
    yield
    if before is not None:
        init_default_scope(before.scope_name)


@pytest.fixture(autouse=True)
def _one_thread():
    """Tiny networks are slower on several threads, much so on a busy CPU."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
