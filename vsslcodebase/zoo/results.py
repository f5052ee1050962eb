"""Result files: one measured evaluation of one checkpoint each.

``results/<config>_s<seed>_<protocol>-<sha8>.json``: the eight digits are of
the file's content, so that a figure changed by hand is noticed; the content
says which code, config, data, seed and command gave it. ``model_zoo.md`` is
made from these files and from nothing else.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

DIGITS = 8
UNTRAINED = 'untrained'  # in place of a checkpoint: random weights
NAME = re.compile(r'(?P<stem>.+)-(?P<digest>[0-9a-f]{8})\.json')


class ResultError(ValueError):
    """A result file is malformed, changed by hand, or says too little."""


@dataclass(frozen=True)
class Result:
    """A measured evaluation.

    Attributes:
        config: Path of the config that was trained, from the root.
        config_digest: ``provenance.config_digest`` of the training.
        stage: Of a config that is trained in stages, the name of the last
            one; else None.
        options: The training's ``--cfg-options``.
        seed: Of the training.
        epochs: That were trained.
        train_data: ``provenance.data_identity`` of the training.
        commit: Of the code that trained, 40 hex digits.
        checkpoint: ``file`` and ``sha256`` of what was evaluated.
        protocol: How: the name of a column of the zoo, such as 'linear'.
        evaluation: ``config`` (its path), ``commit``, ``data`` (identity of
            what it read) and ``settings``.
        metrics: Name to number. Shares lie in [0, 1].
        commands: Lines that give this result, in order.
        versions: As in ``provenance.versions``.
        machine: In words: device, number, threads.
        date: YYYY-MM-DD.
    """

    config: str
    config_digest: str
    stage: str | None
    options: dict[str, Any]
    seed: int
    epochs: int
    train_data: dict[str, Any]
    commit: str
    checkpoint: dict[str, str]
    protocol: str
    evaluation: dict[str, Any]
    metrics: dict[str, float]
    commands: list[str]
    versions: dict[str, str | None]
    machine: str
    date: str

    @property
    def name(self) -> str:
        """The trained config's name."""
        return Path(self.config).stem

    def text(self) -> str:
        """Return the file's content."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + '\n'


def write_result(folder: Path, result: Result) -> Path:
    """Write a result file; another one of the same is replaced.

    The same: equal config, options, seed, protocol and evaluated data.

    Returns:
        Its path.

    Raises:
        ResultError: The result is not complete, see :func:`check_result`.
    """
    text = result.text()
    check_result(json.loads(text), 'the result')
    words = re.sub(r'[^\w.]+', '-', result.protocol).strip('-').lower()
    stem = f'{result.name}_s{result.seed}_{words}'
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.glob(f'{stem}-*.json')):
        if _same_question(read_result(path), result):
            path.unlink()
    path = folder / f'{stem}-{content_digest(text)}.json'
    path.write_text(text, encoding='utf-8')
    return path


def read_result(path: Path) -> Result:
    """Read a result file, and check that it is as it was written.

    Raises:
        ResultError: It is malformed, or its name's digits are not those of
            its content; the message names the file.
    """
    named = NAME.fullmatch(path.name)
    if named is None:
        raise ResultError(
            f'{path} is no name of a result file; expected '
            '<config>_s<seed>_<protocol>-<8 hex digits>.json, as '
            'tools/record_result.py writes it'
        )
    text = path.read_text(encoding='utf-8')
    digest = content_digest(text)
    if digest != named['digest']:
        raise ResultError(
            f'{path} was changed after it was measured: its content has the '
            f'digest {digest}, its name says {named["digest"]}. Measure it '
            'again instead'
        )
    try:
        content = json.loads(text)
    except ValueError as error:
        raise ResultError(f'{path} is no JSON: {error}') from None
    check_result(content, str(path))
    return Result(**content)


def read_results(folder: Path) -> list[Result]:
    """Read all result files of a folder, in the order of their names."""
    return [read_result(path) for path in sorted(folder.glob('*.json'))]


def check_result(content: Any, source: str) -> None:
    """Raise ``ResultError`` unless content has what a zoo's row must have.

    Args:
        content: As read from JSON.
        source: What to call it in the message.
    """
    expected = {field.name for field in fields(Result)}
    if not isinstance(content, Mapping) or set(content) != expected:
        got = set(content) if isinstance(content, Mapping) else set()
        raise ResultError(
            f'{source} is no result: missing {sorted(expected - got)}, '
            f'unknown {sorted(got - expected)}'
        )
    for key, pattern in (
        ('config_digest', r'[0-9a-f]{64}'),
        ('commit', r'[0-9a-f]{40}'),
        ('date', r'\d{4}-\d\d-\d\d'),
        ('config', r'configs/.+\.py'),
    ):
        value = content[key]
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ResultError(
                f'{source}: {key} must be like {pattern}, got {value!r}'
            )
    if not content['metrics'] or not content['commands']:
        raise ResultError(f'{source} has no metrics, or no commands')
    for name, value in content['metrics'].items():
        if type(value) not in (int, float) or not math.isfinite(value):
            raise ResultError(
                f'{source}: metric {name!r} must be a finite number, got '
                f'{value!r}'
            )
    for key in ('sha256', 'file'):
        if not content['checkpoint'].get(key):
            raise ResultError(f'{source}: checkpoint.{key} is missing')
    if not isinstance(content['seed'], int):
        raise ResultError(
            f'{source}: seed must be a whole number, got {content["seed"]!r}'
        )


def content_digest(text: str) -> str:
    """Return the digits that a result file's name ends with."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def of_protocol(
    results: Iterable[Result], config: str, protocol: str
) -> list[Result]:
    """Return a config's results under a protocol, by seed.

    Of the configs as they are: trained or evaluated with options they are
    others, but for the option that names the weights.
    """
    chosen = [
        result
        for result in results
        if result.config == config
        and result.protocol == protocol
        and not result.options
        and all(
            key.endswith('.checkpoint')
            for key in result.evaluation.get('options', {})
        )
    ]
    return sorted(chosen, key=lambda result: result.seed)


def _same_question(old: Result, new: Result) -> bool:
    """Whether two results answer the same question."""
    return (
        old.config == new.config
        and old.options == new.options
        and old.seed == new.seed
        and old.protocol == new.protocol
        and old.evaluation['data'] == new.evaluation['data']
    )
