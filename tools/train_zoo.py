"""Train, publish, evaluate and record the zoo's small models.

    python tools/train_zoo.py                       # all, seed 0
    python tools/train_zoo.py --seeds 0 1 2 --jobs 2
    python tools/train_zoo.py --models corp_m_smallr3d_motion-mini --list

Makes motion-mini if it is not there, trains what is not trained yet (each in
minutes on two CPU cores; an interrupted one goes on), publishes the backbones
of the first seed to checkpoints/, asks all of them what they know, writes
results/*.json and model_zoo.md. Code that no commit has is refused, since its
figures could not be had again.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from vsslcodebase.checkpoints.provenance import source_commit
from vsslcodebase.demo.display import duration
from vsslcodebase.engine.arguments import natural
from vsslcodebase.engine.launch import project_root
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.evaluation.probe_answers import Answer
from vsslcodebase.zoo.page import CHECKPOINTS, PROBES
from vsslcodebase.zoo.recording import record
from vsslcodebase.zoo.results import UNTRAINED, write_result
from vsslcodebase.zoo.small_models import (
    CONFIGS,
    DATA,
    MAKE_DATA,
    WORK_DIR,
    SmallModel,
    small_models,
)

ROOT = project_root()
PROBE_CONFIG = 'configs/mini/linear_smallr3d_motion-mini.py'
PUBLISHED = f'{WORK_DIR}/published'  # of seeds that are not in checkpoints/
TOLD_EVERY_SEC = 30.0
EPOCH_SEC = 30.0  # on an idle core, until there is a measure


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('--models', nargs='+', default=list(CONFIGS), metavar='CONFIG')
    add('--seeds', nargs='+', type=int, default=[0])
    add('--jobs', type=natural, default=1, help='trainings at a time')
    add('--num-untrained', type=int, default=3, help='random networks probed')
    add('--list', action='store_true', help='only print the commands')
    return parser.parse_args()


def main() -> None:
    """Do what is left to do."""
    args = parse_args()
    os.chdir(ROOT)
    try:
        models = small_models(args.models, args.seeds)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if args.list:
        print('\n'.join([MAKE_DATA, *(m.train_command() for m in models)]))
        return
    if not source_commit()['clean']:
        raise UsageError(
            'this code has changes that no commit has, or is no checkout; '
            'commit first, so that the figures can be had again'
        )
    if not (ROOT / DATA / 'test_motion.txt').is_file():
        run(MAKE_DATA, ROOT / WORK_DIR / 'data.out')
    train_all(models, args.jobs)
    files = {model: publish(model, args.seeds[0]) for model in models}
    measure(models, files, args.num_untrained)
    run('python tools/make_model_zoo.py', ROOT / WORK_DIR / 'page.out')
    print('written: model_zoo.md, results/, checkpoints/')


def train_all(models: list[SmallModel], jobs: int) -> None:
    """Train what is not trained, some at a time; tell how far it is."""
    left = [m for m in models if m.epochs_done(ROOT) < m.num_epochs()]
    print(f'{len(models) - len(left)} of {len(models)} models are trained')
    total = sum(m.num_epochs() for m in left)
    first = sum(m.epochs_done(ROOT) for m in left)
    begun = time.monotonic()
    with ThreadPoolExecutor(jobs) as pool:
        works = [
            pool.submit(run, m.train_command(), ROOT / f'{m.folder}.out')
            for m in left
        ]
        while not all(work.done() for work in works):
            failed = [w for w in works if w.done() and w.exception()]
            if failed:
                pool.shutdown(cancel_futures=True)
                break
            done = sum(m.epochs_done(ROOT) for m in left)
            taken = time.monotonic() - begun
            pace = taken / (done - first) if done > first else EPOCH_SEC / jobs
            wait(works, TOLD_EVERY_SEC)
            rest = duration(pace * (total - done))
            print(f'{done} of {total} epochs, {rest} left', flush=True)
    for work in works:
        work.result()


def wait(works: list, seconds: float) -> None:
    """Sleep, but not longer than the work takes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not all(w.done() for w in works):
        time.sleep(0.2)


def run(line: str, log: Path) -> None:
    """Run a command line of ours; its output goes to a file.

    Raises:
        UsageError: It failed; the message has the end of its output.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    words = [sys.executable, *shlex.split(line)[1:]]
    environment = dict(os.environ, OMP_NUM_THREADS='1')
    with log.open('a', encoding='utf-8') as file:
        code = subprocess.run(
            words, stdout=file, stderr=subprocess.STDOUT, env=environment
        ).returncode
    if code:
        tail = log.read_text(errors='replace').splitlines()[-12:]
        raise UsageError(
            f'{line}\nended with exit code {code}; its last words:\n'
            + '\n'.join(f'  | {text[:200]}' for text in tail)
        )


def publish(model: SmallModel, first_seed: int) -> Path:
    """Publish a model, and return the file of its backbone.

    Of the first seed it goes to checkpoints/ alone, the others stay where
    they are trained.
    """
    folder = ROOT / PUBLISHED / f's{model.seed}'
    checkpoint = model.checkpoints(ROOT)[-1].relative_to(ROOT)
    run(
        model.publish_command(checkpoint, str(folder.relative_to(ROOT))),
        folder.with_suffix('.out'),
    )
    (backbone,) = newest(folder.glob(f'{model.name}-backbone_*.pth'))
    if model.seed == first_seed:
        target = ROOT / CHECKPOINTS / backbone.name
        target.parent.mkdir(exist_ok=True)
        for old in target.parent.glob(f'{model.name}-backbone_*.pth'):
            old.unlink()
        target.write_bytes(backbone.read_bytes())
        backbone = target
    return backbone.relative_to(ROOT)


def newest(paths: Any) -> list[Path]:
    """Return the file written last, in a list; an empty one for none."""
    return sorted(paths, key=lambda path: path.stat().st_mtime)[-1:]


def measure(
    models: list[SmallModel], files: dict[SmallModel, Path], untrained: int
) -> None:
    """Ask all networks what they know, and write the result files."""
    asked = ask([str(file) for file in files.values()], 'trained')
    for model, answers in zip(models, asked):
        checkpoint = model.checkpoints(ROOT)[-1].relative_to(ROOT)
        lines = [
            MAKE_DATA,
            model.train_command(),
            model.publish_command(checkpoint, CHECKPOINTS),
        ]
        save(answers, str(files[model]), lines, config=model.config)
    for seed in range(untrained):
        folder = f'{UNTRAINED}_s{seed}'
        (answers,) = ask([UNTRAINED], folder, seed, PROBE_CONFIG)
        save(answers, UNTRAINED, [MAKE_DATA], PROBE_CONFIG, seed)


class Answers(NamedTuple):
    """What the probe report says of one network."""

    metrics: dict[str, float]
    settings: dict[str, Any]
    command: str


def ask(
    checkpoints: list[str],
    name: str,
    seed: int = 0,
    config: str | None = None,
) -> list[Answers]:
    """Ask networks what they know, all in one pass over the videos.

    Args:
        checkpoints: Files, or 'untrained'.
        name: Of the folder of the report.
        seed: Of random weights and of shuffled frames.
        config: Of the network, where the files do not say it.
    """
    folder = f'{WORK_DIR}/probes/{name}'
    base = [
        *('python', 'tools/analysis/probe_report.py'),
        *('--data-dir', DATA, '--seed', str(seed)),
    ]
    networks = [config] if config else []
    names = [str(number) for number in range(len(checkpoints))]
    line = [*base, '--out', folder, '--names', *names, '--']
    run(shlex.join([*line, *networks, *checkpoints]), ROOT / f'{folder}.out')
    report = json.loads((ROOT / folder / 'report.json').read_text())
    settings = dict(report['settings'])
    for key in ('data_dir', 'config'):  # both stand in the result elsewhere
        settings.pop(key)
    found = []
    for number, checkpoint in zip(names, checkpoints):
        questions = report['networks'][number]['questions']
        metrics = {
            question: Answer.from_dict(content).figures['played']['played']
            for question, content in questions.items()
        }
        found.append(
            Answers(
                {key: figure.value for key, figure in metrics.items()},
                settings,
                shlex.join([*base, *networks, checkpoint]),
            )
        )
    return found


def save(
    answers: Answers,
    checkpoint: str,
    lines: list[str],
    config: str,
    seed: int | None = None,
) -> None:
    """Write one result file."""
    result = record(
        answers.metrics,
        checkpoint,
        PROBES,
        PROBE_CONFIG,
        [*lines, answers.command],
        config=config,
        settings=answers.settings,
        seed=seed,
    )
    print(write_result(ROOT / 'results', result).relative_to(ROOT))


if __name__ == '__main__':
    with one_sentence():
        main()
