"""Two demonstrations do not share a folder."""

from __future__ import annotations

import subprocess
import sys

import pytest

from vsslcodebase.demo.lock import locked

pytest.importorskip('fcntl')
HOLD = """
import sys
from pathlib import Path
from vsslcodebase.demo.lock import locked
with locked(Path(sys.argv[1])):
    print('held', flush=True)
    sys.stdin.read()
"""


def test_second_process_is_refused_until_the_first_is_gone(tmp_path):
    folder = tmp_path / 'work'
    holder = subprocess.Popen(
        [sys.executable, '-W', 'ignore', '-c', HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == 'held\n'
    with (
        pytest.raises(ValueError, match='another demonstration is at work'),
        locked(folder),
    ):
        pass
    holder.kill()  # nothing is left to clean up
    holder.communicate()
    with locked(folder):
        assert folder.is_dir()
