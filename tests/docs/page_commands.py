"""Commands in the code blocks of pages, and what the tools make of them."""

from __future__ import annotations

import argparse
import re
import runpy
import shlex
import sys
from pathlib import Path

from config_files import ROOT

BASH = re.compile(r'^```bash\n(.*?)^```', re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r'^```python\n(.*?)^```', re.MULTILINE | re.DOTALL)


class Parsed(BaseException):
    """A tool has read its command line; nothing is to be run."""


def commands_of(text: str) -> list[list[str]]:
    """Return the commands of the bash blocks, split into words."""
    commands = []
    for block in BASH.findall(text):
        for line in block.replace('\\\n', ' ').splitlines():
            words = shlex.split(line, comments=True)
            while words and re.fullmatch(r'[A-Z_]+=.*', words[0]):
                words = words[1:]  # environment
            if words:
                commands.append(words)
    return commands


def python_blocks(text: str) -> list[str]:
    """Return the blocks of Python."""
    return PYTHON.findall(text)


def read_command(
    tool: Path, words: list[str], monkeypatch
) -> tuple[argparse.Namespace, list[str]]:
    """Return what a tool's parser makes of words, and what it leaves.

    The tool is started as a program and stopped when it has read them.
    """
    parse = argparse.ArgumentParser.parse_known_args

    def parse_and_stop(self, args=None, namespace=None):
        raise Parsed(parse(self, args, namespace))

    with monkeypatch.context() as patch:
        patch.setattr(
            argparse.ArgumentParser, 'parse_known_args', parse_and_stop
        )
        patch.setattr(sys, 'argv', [str(tool), *words])
        try:
            runpy.run_path(str(tool), run_name='__main__')
        except Parsed as parsed:
            return parsed.args[0]
    raise AssertionError(f'{tool.relative_to(ROOT)} has read no command line')
