"""Two processes do not share a folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from vsslcodebase.utils.folder_lock import locked

pytest.importorskip('fcntl', reason='nobody is kept out on Windows')
HOLD = """
import subprocess, sys
from pathlib import Path
from vsslcodebase.utils.folder_lock import locked
with locked(Path(sys.argv[1]), 'never said'):
    child = subprocess.Popen(['sleep', '30'], close_fds=False)
    print(child.pid, flush=True)
    sys.stdin.read()
"""


def test_second_process_is_refused_until_the_first_is_gone(tmp_path):
    """A child that outlives the first one does not hold the folder."""
    folder = tmp_path / 'work'
    holder = subprocess.Popen(
        [sys.executable, '-W', 'ignore', '-c', HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    child = int(holder.stdout.readline())
    try:
        with (
            pytest.raises(ValueError, match='come back later'),
            locked(folder, 'come back later'),
        ):
            pass
        holder.kill()  # nothing is left to clean up
        holder.communicate()
        with locked(folder, 'never said'):
            assert folder.is_dir()
    finally:
        os.kill(child, signal.SIGKILL)
