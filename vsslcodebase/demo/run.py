"""From settings to results: what ``tools/demo.py`` calls."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch

from vsslcodebase.utils.folder_lock import locked

from .display import Display
from .plan import make_stages
from .probing import build_network
from .questions import ask
from .report import render_report
from .results import collect_results, summary
from .settings import CONFIGS, DemoSettings
from .stages import run_stages, write_whole


def run_demo(
    settings: DemoSettings, display: Display | None = None
) -> dict[str, Any]:
    """Do what is left to do, and write ``results.json`` and ``report.html``.

    Args:
        settings: Of the demonstration.
        display: Default: the terminal.

    Returns:
        The results.

    Raises:
        ValueError: If another demonstration is at work in the folder, the
            folder of the data holds others, or there is no such device.
        StageError: If a training failed.
    """
    if settings.device == 'cuda' and not torch.cuda.is_available():
        raise ValueError('torch sees no GPU here; leave out --device cuda')
    torch.set_num_threads(1)  # the data loader has the other core
    stages = make_stages(settings)
    display = display or Display(len(stages))
    display.say(
        f'\n  vsslcodebase demo · seed {settings.seed} · '
        f'{settings.device}, {os.cpu_count()} cores · {settings.work_dir}\n'
    )
    refusal = (
        f'another demonstration is at work in {settings.work_dir}; wait for '
        'it, end it, or choose another --work-dir'
    )
    with locked(settings.work_dir, refusal):
        records = run_stages(stages, settings.work_dir, display)
        titles = {stage.name: stage.title for stage in stages}
        results = collect_results(settings, records, titles)
        page = write_results(settings, results)
    display.say(summary(results))
    display.say(f'  With pictures: {page}\n')
    return results


def write_results(settings: DemoSettings, results: dict[str, Any]) -> Path:
    """Write both files; return the path of the page."""
    folder = settings.work_dir
    write_whole(folder / 'results.json', json.dumps(results, indent=1) + '\n')
    cfg = settings.config(CONFIGS['corp_m'])
    checkpoint = Path(results['checkpoints']['corp_m'])
    questions = ask(cfg, build_network(cfg, checkpoint, settings.seed))
    page = folder / 'report.html'
    write_whole(page, render_report(results, questions))
    return page
