r"""Mean and spread of a result over the splits of a data set.

    python tools/analysis/average_splits.py \
        work_dirs/split1 work_dirs/split2 work_dirs/split3

UCF101 and HMDB51 have three splits, and results are quoted as the mean over
them. Named is what ``tools/test.py`` writes for each: its ``--work-dir``, of
which the latest test counts, or ``<work dir>/<time>/<time>.json`` itself. The
config beside it tells which list was tested on. Refused are

- configs that differ in more than lists, checkpoints and places to write;
- the same split twice;
- the same checkpoint twice: what one split tests, the others train on.

The spread is the standard deviation of the splits (with n - 1).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from vsslcodebase.engine.launch import load_config
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.evaluation.score_spread import spread

# What may differ: at the top of a config, and by the last name of a key
OWN_TOP = {'experiment_name', 'launcher', 'load_from', 'resume', 'work_dir'}
OWN_NAMES = {'ann_file', 'checkpoint', 'out_file', 'out_file_path'}
NO_METRICS = {'time', 'data_time'}
SHOWN_DIFFERENCES = 3


class Result(NamedTuple):
    """A test on one split."""

    file: Path
    metrics: dict[str, float]
    config: dict[str, Any]  # by dotted key

    @property
    def split(self) -> str:
        """The list that was tested on."""
        return str(self.config['test_dataloader.dataset.ann_file'])

    @property
    def checkpoint(self) -> str | None:
        """What was tested; None for an untrained network."""
        return self.config.get('load_from')


def read_result(path: Path) -> Result:
    """Read the metrics of a test and the config beside them.

    Raises:
        UsageError: One of the two is not there or cannot be read.
    """
    file = latest_test(path) if path.is_dir() else path
    if file.suffix != '.json':
        raise UsageError(
            f'{file} does not tell its config; name the work directory of '
            'tools/test.py, or the .json in it'
        )
    try:
        logged = json.loads(file.read_text())
        metrics = {
            key: float(value)
            for key, value in logged.items()
            if key not in NO_METRICS and isinstance(value, int | float)
        }
    except (OSError, ValueError, AttributeError) as error:
        raise UsageError(f'{file} is no result of a test: {error}') from error
    if not metrics:
        raise UsageError(f'{file} holds no metric')
    config = file.parent / 'vis_data' / 'config.py'
    if not config.is_file():
        raise UsageError(
            f'there is no {config}, the config that {file} is a result of'
        )
    flat = dict(flatten(load_config(str(config)).to_dict()))
    if 'test_dataloader.dataset.ann_file' not in flat:
        raise UsageError(
            f'{config} names no list of videos to test '
            '(test_dataloader.dataset.ann_file)'
        )
    return Result(file, metrics, flat)


def latest_test(folder: Path) -> Path:
    """Return the result of the latest test in a work directory."""
    # <time>/<time>.json; training writes its own one level deeper
    files = [f for f in folder.glob('*/*.json') if f.stem == f.parent.name]
    if not files:
        raise UsageError(
            f'{folder} holds no <time>/<time>.json; it should be the work '
            'directory of tools/test.py'
        )
    return max(files, key=lambda file: file.stem)


def flatten(node: Any, key: str = '') -> Iterator[tuple[str, Any]]:
    """Yield what a config holds, by dotted key."""
    if isinstance(node, dict):
        items = list(node.items())
    elif isinstance(node, list | tuple):
        items = list(enumerate(node))
    else:
        items = []
    if not items:
        yield key, node
    for name, child in items:
        yield from flatten(child, f'{key}.{name}' if key else str(name))


def check(results: Sequence[Result]) -> None:
    """Refuse results that have no common mean.

    Raises:
        UsageError: See the top of this file.
    """
    if len(results) < 2:
        raise UsageError('a mean over splits needs at least two results')
    first = results[0]
    for index, result in enumerate(results):
        for other in results[:index]:
            check_pair(other, result)
        if result.metrics.keys() != first.metrics.keys():
            raise UsageError(
                f'{first.file} has the metrics {", ".join(first.metrics)}, '
                f'but {result.file} has {", ".join(result.metrics)}'
            )


def check_pair(one: Result, other: Result) -> None:
    """Refuse two results that are not of one config and different splits."""
    names = f'{one.file} and {other.file}'
    if one.split == other.split:
        raise UsageError(f'{names} are of the same split, {one.split}')
    if one.checkpoint and one.checkpoint == other.checkpoint:
        raise UsageError(
            f'{names} are of one checkpoint, {one.checkpoint}; what one '
            'split tests, the others train on: train a network for each'
        )
    differing = differences(one.config, other.config)
    if differing:
        more = len(differing) - SHOWN_DIFFERENCES
        shown = '; '.join(differing[:SHOWN_DIFFERENCES])
        raise UsageError(
            f'{names} are of different configs: {shown}'
            + (f'; and {more} more' if more > 0 else '')
        )


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Return what differs besides lists, checkpoints and places to write."""
    absent = 'absent'
    return [
        f'{key} is {one.get(key, absent)!r} and {other.get(key, absent)!r}'
        for key in dict.fromkeys([*one, *other])
        if one.get(key, absent) != other.get(key, absent)
        and key not in OWN_TOP
        and key.rpartition('.')[2] not in OWN_NAMES
    ]


def format_table(results: Sequence[Result]) -> str:
    """Write a line for each metric: its values, mean and spread."""
    heads = [*(Path(r.split).stem for r in results), 'mean', 'spread']
    names = list(results[0].metrics)
    widths = [max(map(len, names)), *(max(len(h), 8) for h in heads)]
    rows = [['', *heads]]
    for name in names:
        values = [result.metrics[name] for result in results]
        over_splits = spread(values)
        numbers = [*values, over_splits.mean, over_splits.std]
        rows.append([name, *(f'{number:.4f}' for number in numbers)])
    return '\n'.join(
        '  '.join(
            [
                row[0].ljust(widths[0]),
                *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:])),
            ]
        )
        for row in rows
    )


def main() -> None:
    """Read, check and average."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        'results', type=Path, nargs='+', help='a work directory for each split'
    )
    results = [read_result(path) for path in parser.parse_args().results]
    check(results)
    print(format_table(results))


if __name__ == '__main__':
    with one_sentence():
        main()
