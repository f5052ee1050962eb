"""The demonstration's words on the terminal: calm, one line at a time."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TextIO

BAR_WIDTH = 12
PLAIN = str.maketrans('━─✓✗·', '#-*x|')  # where a terminal has no more


class Display:
    """Progress of stages: one line that is rewritten, or a line now and then.

    Args:
        num_stages: How many there are.
        stream: Where to write. A terminal gets a line that is rewritten and
            colour; anything else a whole line every 15 seconds.
    """

    def __init__(self, num_stages: int, stream: TextIO | None = None) -> None:
        self.num_stages = num_stages
        self.stream = stream or sys.stdout
        self.is_terminal = self.stream.isatty()
        self.every_sec = 0.2 if self.is_terminal else 15.0
        # a file needs no line for a stage that is short
        self._silent_since = -1e9 if self.is_terminal else time.monotonic()
        self._is_open = False  # a line that may be rewritten

    def say(self, text: str = '') -> None:
        """Write lines that stay."""
        self._clear()
        self._write(text + '\n')

    def stage_done(self, number: int, title: str, note: str) -> None:
        """Write the line of a stage that is done."""
        tick = self._coloured('✓', 32)
        self.say(f'  {tick} {number}/{self.num_stages}  {title:<30}{note}')
        self._silent_since = -1e9 if self.is_terminal else time.monotonic()

    def stage_failed(self, number: int, title: str, note: str) -> None:
        """Write the line of a stage that is not done."""
        cross = self._coloured('✗', 33)
        self.say(f'  {cross} {number}/{self.num_stages}  {title:<30}{note}')

    def progress(
        self,
        number: int,
        title: str,
        share: float,
        note: str,
        left_sec: float,
    ) -> None:
        """Show how far a stage is, if it is time to.

        Args:
            number: Of the stage, from 1.
            title: Its name.
            share: Of it that is done, in [0, 1].
            note: What else there is to say.
            left_sec: Until the end of all stages.
        """
        now = time.monotonic()
        if now - self._silent_since < self.every_sec:
            return
        self._silent_since = now
        full = round(share * BAR_WIDTH)
        bar = '━' * full + '─' * (BAR_WIDTH - full)
        head = f'    {number}/{self.num_stages}  {title}'
        text = f'{head}  {bar} {share:4.0%}  {duration(left_sec)} left  {note}'
        if not self.is_terminal:
            self._write(text.rstrip() + '\n')
            return
        columns = shutil.get_terminal_size().columns - 1
        self._write('\r\x1b[2K' + text[:columns])
        self._is_open = True

    def _clear(self) -> None:
        if self._is_open:
            self._write('\r\x1b[2K')
            self._is_open = False

    def _coloured(self, text: str, code: int) -> str:
        return f'\x1b[{code}m{text}\x1b[0m' if self.is_terminal else text

    def _write(self, text: str) -> None:
        encoding = getattr(self.stream, 'encoding', None) or 'ascii'
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            plain = text.translate(PLAIN)
            text = plain.encode(encoding, 'replace').decode(encoding)
        self.stream.write(text)
        self.stream.flush()


def duration(seconds: float) -> str:
    """Write seconds as ``m:ss`` or ``h:mm:ss``."""
    whole = max(0, round(seconds))
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    if hours:
        return f'{hours}:{minute:02}:{second:02}'
    return f'{minute}:{second:02}'
