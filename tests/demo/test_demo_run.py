"""The whole demonstration, small; and it goes on where it was stopped."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def demo(*arguments: str) -> list[str]:
    script = str(ROOT / 'tools' / 'demo.py')
    return [sys.executable, '-W', 'ignore', script, '--fast', *arguments]


@pytest.mark.slow
def test_killed_demonstration_goes_on_and_ends_with_a_page(tmp_path):
    command = demo('--work-dir', 'work')
    options = dict(cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    process = subprocess.Popen(command, **options)
    end = time.monotonic() + 100
    while not list(tmp_path.glob('work/corp_m_*/epoch_1.pth')):
        assert time.monotonic() < end
        time.sleep(0.05)
    process.kill()
    process.communicate()
    process = subprocess.run(command, check=False, timeout=200, **options)
    assert process.returncode == 0, process.stdout
    assert '1/6  write 320 videos' in process.stdout
    assert '(done before)' in process.stdout

    results = json.loads((tmp_path / 'work' / 'results.json').read_text())
    for name in ('untrained', 'simclr', 'corp_m'):
        for key, value in results['scores'][name].items():
            asked = key != 'order' or name == 'corp_m'
            assert (value is not None) == asked
            assert value is None or 0 <= value <= 1
        shown = f'{100 * results["scores"][name]["inside_pair"]:.1f}'
        assert shown in process.stdout
    assert [step for step, _ in results['curves']['corp_m']['loss']] == [4, 8]
    (log,) = tmp_path.glob('work/corp_m_*/train.out')
    assert re.search(r'resumed epoch: [12]', log.read_text())
    page = (tmp_path / 'work' / 'report.html').read_text()
    assert 'http' not in re.sub(r'base64,[^"]*', '', page)


@pytest.mark.slow
def test_bad_settings_are_one_line(tmp_path):
    command = demo('--seed', '-1')
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert 'error: the seed must not be negative' in done.stderr
    assert 'Traceback' not in done.stderr
