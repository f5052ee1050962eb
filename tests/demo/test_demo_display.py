"""What the terminal, and a file, get to see."""

from __future__ import annotations

import io

import pytest

from vsslcodebase.demo.display import Display, duration


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class OldTerminal(Terminal):
    encoding = 'ascii'


@pytest.fixture
def _one_second_a_look(monkeypatch):
    ticks = iter(range(1000))
    monkeypatch.setattr('time.monotonic', lambda: next(ticks))


@pytest.mark.usefixtures('_one_second_a_look')
def test_terminal_has_one_line_that_is_rewritten(monkeypatch):
    monkeypatch.setenv('COLUMNS', '60')
    stream = Terminal()
    display = Display(3, stream)
    display.progress(2, 'pre-train', 0.25, 'loss 0.5 ' * 20, 75)
    display.progress(2, 'pre-train', 0.50, '', 50)
    display.stage_done(2, 'pre-train', '2:00')
    first, second, last = stream.getvalue().split('\r\x1b[2K')[1:]
    assert '2/3' in first
    assert '25%' in first
    assert '1:15 left' in first
    assert len(first) < 60
    assert '50%' in second
    assert last.endswith('2:00\n')


@pytest.mark.usefixtures('_one_second_a_look')
def test_file_has_whole_lines_now_and_then_and_no_codes():
    stream = io.StringIO()
    display = Display(1, stream)
    for step in range(40):
        display.progress(1, 'work', step / 40, '', 40 - step)
    display.stage_done(1, 'work', '0:40')
    lines = stream.getvalue().splitlines()
    assert len(lines) == 3  # after 15 s, after 30 s, done
    assert '\x1b' not in stream.getvalue()
    assert '\r' not in stream.getvalue()


def test_terminal_without_unicode_gets_ascii():
    stream = OldTerminal()
    display = Display(1, stream)
    display.progress(1, 'work', 0.5, 'é', 1)
    display.stage_done(1, 'work', '')
    assert stream.getvalue().isascii()
    assert '######------' in stream.getvalue()


@pytest.mark.parametrize(
    ('seconds', 'text'),
    [(0, '0:00'), (59.6, '1:00'), (754, '12:34'), (3723, '1:02:03')],
)
def test_duration(seconds, text):
    assert duration(seconds) == text
