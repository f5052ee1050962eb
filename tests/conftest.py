"""For all tests: importable helpers, and no state left by mmengine.

``from oracles.corp import ...`` finds the slow references.
"""

import sys
from pathlib import Path

import pytest
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope
from mmengine.visualization import Visualizer

sys.path.insert(0, str(Path(__file__).resolve().parent))


@pytest.fixture(autouse=True)
def fresh_mmengine():
    """Forget mmengine's global managers, which one Runner leaves behind."""
    yield
    for logger in MMLogger._instance_dict.values():
        for handler in logger.handlers:
            handler.close()
    for manager in (MMLogger, MessageHub, Visualizer, DefaultScope):
        manager._instance_dict.clear()
