"""Run every benchmark of this folder and write RESULTS.md.

Run ``make bench``, or ``python benchmarks/run_all.py``. A benchmark is a
script here that prints its own table and says in its first lines what it
compares; files whose names begin with ``_`` are parts of them. Figures are
ratios between ways that were measured in the same run, so that they hold on
other machines too.
"""

from __future__ import annotations

import ast
import datetime
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent

PACKAGES = ('torch', 'numpy', 'opencv-python', 'av', 'decord', 'mmaction2')

HEAD = """# Benchmarks

Written by `make bench` on {date}, commit {commit}.
{cpu}, {cores} logical cores, {gpu}; Python {python}, {packages}.

Times are CPU times where nothing else is said, medians of rounds in which all
ways took turns. Those of shared machines are noisy: read the ratios.
"""


def find_scripts(folder: Path = HERE) -> list[Path]:
    """Return the benchmarks, in the order in which they are run."""
    return [
        path
        for path in sorted(folder.glob('[!_]*.py'))
        if path.name != Path(__file__).name
    ]


def machine() -> dict[str, str]:
    """Describe what the figures were measured with."""
    commit = subprocess.run(
        ['git', 'describe', '--always', '--dirty'],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    has_gpu = torch.cuda.is_available()
    return {
        'date': datetime.date.today().isoformat(),
        'commit': commit or 'unknown',
        'cpu': _cpu_name(),
        'cores': str(os.cpu_count()),
        'gpu': torch.cuda.get_device_name() if has_gpu else 'no GPU',
        'python': platform.python_version(),
        'packages': ', '.join(_versions()),
    }


def _cpu_name() -> str:
    info = Path('/proc/cpuinfo')
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith('model name'):
                return line.split(':', 1)[1].strip()
    return platform.processor() or platform.machine()


def _versions() -> list[str]:
    found = []
    for package in PACKAGES:
        try:
            found.append(f'{package} {version(package)}')
        except PackageNotFoundError:
            found.append(f'no {package}')
    return found


def run(script: Path) -> str:
    """Run a script, its progress being shown; return what it printed."""
    process = subprocess.run(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if process.returncode:
        sys.exit(f'{script.name} failed; nothing was written')
    return process.stdout.strip()


def describe(script: Path) -> str:
    """Return what a script says of itself, but for how to run it."""
    text = ast.get_docstring(ast.parse(script.read_text())) or ''
    paragraphs = text.split('\n\n')
    return '\n\n'.join(p for p in paragraphs if not p.startswith('Run ``'))


def report(scripts: Sequence[Path]) -> str:
    """Run the scripts one after another; return what RESULTS.md says."""
    parts = [HEAD.format(**machine())]
    for number, script in enumerate(scripts, 1):
        print(f'[{number}/{len(scripts)}] {script.name}', flush=True)
        start = time.monotonic()
        output = run(script)
        print(f'{output}\n({time.monotonic() - start:.0f} s)\n', flush=True)
        parts.append(
            f'## {script.stem}\n\n`python benchmarks/{script.name}`\n\n'
            f'{describe(script)}\n\n{output}\n'
        )
    return '\n'.join(parts)


def main() -> None:
    """Run all; stop where one fails."""
    text = report(find_scripts())
    (HERE / 'RESULTS.md').write_text(text)
    print(f'wrote {HERE.name}/RESULTS.md')


if __name__ == '__main__':
    main()
