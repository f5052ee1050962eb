"""Run every benchmark of this folder and write RESULTS.md.

Run ``make bench``, or ``python benchmarks/run_all.py``. A benchmark is a
script here that prints its own table; figures are ratios between ways that
were measured in the same run, so that they hold on other machines too.
"""

from __future__ import annotations

import datetime
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).resolve().parent

HEAD = """# Benchmarks

Written by `make bench` on {date}, commit {commit}.
{cpu}, {threads} logical cores; Python {python}, torch {torch}, numpy {numpy}.
Nothing here was run on a GPU.

Times of shared machines are noisy: read the ratios.
"""


def machine() -> dict[str, str]:
    """Describe what the figures were measured with."""
    cpu = platform.processor() or platform.machine()
    info = Path('/proc/cpuinfo')
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith('model name'):
                cpu = line.split(':', 1)[1].strip()
                break
    commit = subprocess.run(
        ['git', 'describe', '--always', '--dirty'],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return {
        'date': datetime.date.today().isoformat(),
        'commit': commit or 'unknown',
        'cpu': cpu,
        'threads': str(torch.get_num_threads()),
        'python': platform.python_version(),
        'torch': torch.__version__,
        'numpy': np.__version__,
    }


def main() -> None:
    """Run the scripts one after another; stop where one fails."""
    parts = [HEAD.format(**machine())]
    scripts = sorted(HERE.glob('[!_]*.py'))
    scripts.remove(Path(__file__).resolve())
    for i, script in enumerate(scripts, 1):
        print(f'[{i}/{len(scripts)}] {script.name} ...', flush=True)
        run = subprocess.run(
            [sys.executable, str(script)],
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            sys.exit(f'{script.name} failed:\n{run.stderr}')
        print(run.stdout)
        parts.append(
            f'## {script.stem}\n\n`python benchmarks/{script.name}`\n\n'
            f'```\n{run.stdout.strip()}\n```\n'
        )
    (HERE / 'RESULTS.md').write_text('\n'.join(parts))
    print(f'wrote {HERE.name}/RESULTS.md')


if __name__ == '__main__':
    main()
