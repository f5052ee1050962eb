"""One sentence, not a traceback, where it is the user's to change something.

Most of these errors are raised deep inside: by a head that is built with a
word it does not know, by a data set in a worker process. Their messages say
what was got, expected and to change; the forty lines of calls above them only
hide it. An error nobody has written a sentence for keeps its traceback.
"""

from __future__ import annotations

import inspect
import linecache
import os
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.registry import Registry
from torch.distributed import TCPStore

from vsslcodebase.compat.checkpoint_loading import CheckpointError
from vsslcodebase.engine.lost_workers import (
    explain_lost_worker,
    stop_watching,
)
from vsslcodebase.engine.overrides import OverrideError, arguments
from vsslcodebase.engine.preflight import UsageError

EXPECTED = (
    CheckpointError,
    FileNotFoundError,
    FloatingPointError,
    OverrideError,
    UsageError,
)
# A file where a folder should be, and the like; not ours to mend
WRONG_PATH = (
    FileExistsError,
    IsADirectoryError,
    NotADirectoryError,
    PermissionError,
)
PACKAGE = Path(__file__).resolve().parents[1]
# Functions of mmengine and torch in which a value of a config is wrong
BUILDERS = {'build_from_cfg', 'build_dataloader', 'build_optim_wrapper'}
IN_WORKER = re.compile(r'Caught \w+ in DataLoader worker process \d+\.\n')
FRAME = re.compile(r'^  File "(.+)", line (\d+), in (.+)\n', re.MULTILINE)
# gloo's words, and NCCL's
LOST_PROCESS = re.compile(
    r'Connection (closed|reset) by peer|remote process exited', re.IGNORECASE
)
WRONG_ARGUMENT = re.compile(r'__init__\(\) (got an unexpected|missing \d+)')


class Report(NamedTuple):
    """What is known of an error: its sentence and where it was raised."""

    message: str
    path: str
    line: int
    callers: set[str]  # names of the functions it came through


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turn errors of use into a sentence on stderr and exit code 2.

    ``TRACEBACK=1`` in the environment shows the whole traceback instead. Of
    several processes that have the same to say, the first one says it.
    """
    try:
        yield
    except Exception as error:
        stop_watching()
        sentence = sentence_of(error)
        if sentence is None or os.environ.get('TRACEBACK'):
            raise
        if _is_first_to_say(sentence):
            print(f'error: {sentence}', file=sys.stderr)
        sys.exit(2)


def _is_first_to_say(sentence: str) -> bool:
    """Whether no other process of this run said so; True where in doubt."""
    if os.environ.get('TORCHELASTIC_USE_AGENT_STORE') != 'True':
        return True  # a single process, or one that torchrun did not start
    try:
        store = TCPStore(
            os.environ['MASTER_ADDR'],
            int(os.environ['MASTER_PORT']),
            is_master=False,
            timeout=timedelta(seconds=5),
        )
        return store.add(f'vsslcodebase/said/{sentence}', 1) == 1
    except (KeyError, ValueError, RuntimeError):
        return True


def sentence_of(error: Exception) -> str | None:
    """Return what to tell the user; None where only a traceback helps."""
    if isinstance(error, WRONG_PATH) and error.filename is not None:
        return f'{error.filename}: {error.strerror}'
    if isinstance(error, EXPECTED):
        return str(error)
    explanation = (
        explain_lost_worker(error)
        or _lost_process(error)
        or _wrong_type(error)
        or _wrong_argument(error)
    )
    if explanation is not None:
        return explanation
    report = _report(error)
    if not _is_raised_for_users(error, report):
        return None
    place = Path(report.path)
    if place.is_relative_to(PACKAGE):
        place = place.relative_to(PACKAGE.parent)
    hint = f'({place}:{report.line}; TRACEBACK=1 shows the way there)'
    return f'{report.message}\n  {hint}'


def _report(error: Exception) -> Report:
    """Look where an error comes from, also through a worker's text."""
    message = str(error)
    frames = traceback.extract_tb(error.__traceback__)
    if IN_WORKER.match(message):
        found = list(FRAME.finditer(message))
        last = found[-1]
        rest = message[last.end() :].splitlines()
        text = '\n'.join(rest[_first_unindented(rest) :])
        return Report(
            text.partition(': ')[2],  # without the name of the exception
            last[1],
            int(last[2]),
            {match[3] for match in found},
        )
    last_frame = frames[-1]
    return Report(
        message,
        last_frame.filename,
        last_frame.lineno or 0,
        {frame.name for frame in frames},
    )


def _first_unindented(lines: list[str]) -> int:
    """Return where source lines end and the exception begins."""
    return next(
        (i for i, line in enumerate(lines) if not line.startswith(' ')), 0
    )


def _is_raised_for_users(error: Exception, report: Report) -> bool:
    """Whether somebody wrote this message for those who write configs.

    It has to come from a ``raise``, not from a slip in an expression; and
    either from this package or while something is built from a config.
    """
    if not isinstance(error, (ValueError, TypeError, RuntimeError)):
        return False
    source = linecache.getline(report.path, report.line).strip()
    if not source.startswith('raise') or not report.message:
        return False
    is_ours = Path(report.path).is_relative_to(PACKAGE)
    return is_ours or bool(BUILDERS & report.callers)


def _lost_process(error: Exception) -> str | None:
    """Explain that another process of the run is gone."""
    if not LOST_PROCESS.search(str(error)):
        return None
    return (
        'another process of this run has ended, and this one cannot go on '
        'alone; the message of the other one says why'
    )


def _wrong_type(error: Exception) -> str | None:
    """Explain a ``type`` that no registry knows."""
    inside = _innermost_build(error)
    if not isinstance(error, KeyError) or inside is None:
        return None
    name, registry = inside.get('obj_type'), inside.get('registry')
    if not isinstance(name, str) or not isinstance(registry, Registry):
        return None
    names: set[str] = set()
    node: Registry | None = registry
    while node is not None:
        names |= set(node.module_dict)
        node = node.parent
    near = get_close_matches(name, names, n=3)
    hint = f'; did you mean {" or ".join(near)}?' if near else ''
    return f"there is no {registry.name} of type '{name}'{hint}"


def _wrong_argument(error: Exception) -> str | None:
    """Explain an argument that a class does not take, or lacks."""
    inside = _innermost_build(error)
    if not isinstance(error, TypeError) or inside is None:
        return None
    cls = inside.get('obj_cls')
    if not WRONG_ARGUMENT.search(str(error)) or not inspect.isclass(cls):
        return None
    known = arguments(cls)
    unknown = set(inside['args']) - known
    near = [n for u in unknown for n in get_close_matches(u, known, n=1)]
    hint = f'; did you mean {" and ".join(near)}?' if near else '.'
    return f'{error}{hint} {cls.__name__} takes {", ".join(sorted(known))}'


def _innermost_build(error: Exception) -> dict[str, Any] | None:
    """Return the variables of the call that builds what was wrong."""
    found = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_name == 'build_from_cfg':
            found = frame.f_locals
    return found
