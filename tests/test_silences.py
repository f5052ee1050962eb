"""A check that is switched off says why, in the same line.

The lines below are examples, in strings: nothing is switched off here.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ('vsslcodebase', 'tools', 'benchmarks', 'configs', 'tests')
CODES = r'[A-Z]+\d+(?:, [A-Z]+\d+)*'
WITHOUT_REASON = re.compile(
    rf'# noqa(?!: {CODES}.*[a-z]{{2}})'
    r'|# type: ignore(?!\[[\w, -]+\].*[a-z]{2})'
    r'|# pragma: \w+( \w+)?$'
    r'|raise NotImplementedError'
    r'|mark\.(skip|xfail)(?!\w|\()'
    r'|mark\.(skip|xfail)\(\)',
    re.MULTILINE,
)


@pytest.mark.parametrize('folder', FOLDERS)
def test_silences_have_a_reason(folder):
    found = [
        f'{path.relative_to(ROOT)}: {match[0]}'
        for path in sorted((ROOT / folder).rglob('*.py'))
        if path != Path(__file__)
        for match in WITHOUT_REASON.finditer(path.read_text())
    ]
    assert not found


@pytest.mark.parametrize(
    'line',
    [
        'import a  # noqa',
        'import a  # noqa: F401',
        'import a  # noqa: F401, F403\n',
        'a = None  # type: ignore',
        'a = None  # type: ignore[assignment]\n',
        'if a:  # pragma: no cover\n',
        "raise NotImplementedError('not yet')",
        '@pytest.mark.skip\n',
        '@pytest.mark.xfail()',
    ],
)
def test_a_line_without_a_reason_is_found(line):
    assert WITHOUT_REASON.search(line)


@pytest.mark.parametrize(
    'line',
    [
        'import a  # noqa: F401, registers it',
        'a = None  # type: ignore[assignment]  # no such module there',
        "@pytest.mark.skipif(sys.platform == 'x', reason='why')",
        "@pytest.mark.skip(reason='why')",
    ],
)
def test_a_line_with_its_reason_passes(line):
    assert not WITHOUT_REASON.search(line)
