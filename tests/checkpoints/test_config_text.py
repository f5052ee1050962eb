"""A config inside a file is read, and never run."""

import pytest
from config_files import CONFIGS
from mmengine.config import Config

from vsslcodebase.checkpoints.config_text import read_config_text


def test_it_says_what_mmengine_wrote():
    config = CONFIGS / 'mini' / 'linear_smallr3d_motion-mini.py'
    text = Config.fromfile(config).pretty_text
    expected = Config.fromstring(text, '.py').to_dict()
    assert read_config_text(text, 'a file') == expected


def test_keys_that_are_no_names_and_numbers_with_a_sign():
    text = (
        "a = dict({'neck.basis': dict(lr=-1e-3)}, b=(1, +2))\n"
        "c = [None, True, {'x y': {3}}]\nd = -inf\n"
    )
    assert read_config_text(text, 'a file') == dict(
        a={'neck.basis': dict(lr=-0.001), 'b': (1, 2)},
        c=[None, True, {'x y': {3}}],
        d=float('-inf'),
    )


@pytest.mark.parametrize(
    'line',
    [
        'import os',
        "a = open('/tmp/x', 'w')",
        "a = dict(b=__import__('os'))",
        'a = [x for x in (1, 2)]',
        'a = dict(**b)',
        'a = {**b}',
        'a = dict(b)',
        'a = {[1]: 2}',
        "a = -'b'",
        "a = f'{b}'",
        'a.b = 1',
        'a = b = 1',
        'a += 1',
        'lambda: 1',
    ],
)
def test_anything_that_would_run_is_refused(line):
    with pytest.raises(ValueError, match=r'peer\.pth carries .* line 2'):
        read_config_text(f'x = 1\n{line}\n', 'peer.pth')


def test_text_that_is_no_python_is_refused():
    with pytest.raises(ValueError, match='no Python text'):
        read_config_text('a = (', 'peer.pth')
