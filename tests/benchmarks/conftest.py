"""The benchmarks import their parts as scripts do: from their folder."""

import sys

import cv2
import pytest
import torch
from config_files import ROOT

FOLDER = ROOT / 'benchmarks'


@pytest.fixture(autouse=True)
def _benchmarks_on_path(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    threads = torch.get_num_threads(), cv2.getNumThreads()
    yield
    torch.set_num_threads(threads[0])
    cv2.setNumThreads(threads[1])
    for name, module in list(sys.modules.items()):
        if (getattr(module, '__file__', None) or '').startswith(str(FOLDER)):
            del sys.modules[name]
