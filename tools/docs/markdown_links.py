"""Links and headings of a Markdown file; no code host's, no browser's.

Everything here reads text. Code, inline or in blocks, and comments hold no
links and no headings, whatever they look like.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

_BLOCK = re.compile(
    r'^ *(?P<fence>`{3,}|~{3,})[^\n]*\n.*?^ *(?P=fence)[`~]* *$|<!--.*?-->',
    re.MULTILINE | re.DOTALL,
)
_INLINE_CODE = re.compile(
    r'(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)', re.DOTALL
)
# [text](target "title"), the text with brackets one deep: pictures in links
_INLINE = re.compile(
    r'\[(?:[^\[\]]|\[[^\[\]]*\](?:\([^()]*\))?)*\]'
    r'\(\s*<?(?P<target>[^\s()<>]+(?:\([^\s()]*\)[^\s()]*)*)>?'
    r'(?:\s+"[^"]*")?\s*\)'
)
_PICTURE = re.compile(r'!\[[^\[\]]*\]\((?P<target>[^\s()]+)\)')
_REFERENCE = re.compile(
    r'^ {0,3}\[[^\]^]+\]:\s*<?(?P<target>\S+?)>?\s*$', re.MULTILINE
)
_HEADING = re.compile(
    r'^ {0,3}#{1,6}[ \t]+(?P<text>.*?)[ \t]*#*[ \t]*$', re.MULTILINE
)
_EXTERNAL = re.compile(r'^(?:[a-z][a-z0-9+.-]*:|//)', re.IGNORECASE)


class Link(NamedTuple):
    """Where a link leads, and where in the text its target is written."""

    target: str
    start: int
    line: int

    @property
    def is_external(self) -> bool:
        """Does it leave the repository: ``https:``, ``mailto:`` and such?"""
        return bool(_EXTERNAL.match(self.target))

    @property
    def path(self) -> str:
        """The part before ``#``; empty for a place in the same file."""
        return self.target.partition('#')[0]

    @property
    def anchor(self) -> str:
        """The part after ``#``, without it."""
        return self.target.partition('#')[2]


def without_blocks(text: str) -> str:
    """Blank out blocks of code, and comments; what is left keeps its place."""
    return _BLOCK.sub(_blank, text)


def without_code(text: str) -> str:
    """Blank out code of every kind, and comments."""
    return _INLINE_CODE.sub(_blank, without_blocks(text))


def _blank(match: re.Match[str]) -> str:
    return re.sub(r'[^\n]', ' ', match[0])


def find_links(text: str) -> list[Link]:
    """Return the links and pictures of a Markdown text, in order."""
    readable = without_code(text)
    targets = {
        match.start('target'): match['target']
        for pattern in (_INLINE, _PICTURE, _REFERENCE)
        for match in pattern.finditer(readable)
    }
    return [
        Link(targets[start], start, readable.count('\n', 0, start) + 1)
        for start in sorted(targets)
    ]


def replace_links(text: str, new_target: Callable[[Link], str]) -> str:
    """Return the text with ``new_target(link)`` for each target."""
    pieces, end = [], 0
    for link in find_links(text):
        pieces += [text[end : link.start], new_target(link)]
        end = link.start + len(link.target)
    return ''.join([*pieces, text[end:]])


def slug(heading: str, separator: str = '-') -> str:
    """Return a heading's anchor, as code hosts make it.

    Lower case, letters, digits, ``_`` and ``-``; a ``-`` for every space. The
    site is told to do the same, so that one anchor serves both.
    """
    kept = re.sub(r'[^\w\- ]', '', heading.strip().lower())
    return kept.replace(' ', separator)


def anchors(text: str) -> set[str]:
    """Return the anchors of a text's headings; repeated ones get a number."""
    found: Counter[str] = Counter()
    names = set()
    for match in _HEADING.finditer(without_blocks(text)):
        name = slug(_plain(match['text']))
        names.add(f'{name}-{found[name]}' if found[name] else name)
        found[name] += 1
    return names


def _plain(heading: str) -> str:
    """Return a heading without the marks of links, code and emphasis."""
    heading = re.sub(r'!?\[([^\]]*)\]\([^)]*\)', r'\1', heading)
    return re.sub(r'[`*]', '', heading)


def repository_pages(root: Path) -> list[Path]:
    """Return the Markdown files that people read, docs/ first."""
    single = ('README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'model_zoo.md')
    return [
        *sorted(root.glob('docs/**/*.md')),
        *(root / name for name in single if (root / name).is_file()),
        *sorted(root.glob('configs/**/*.md')),
        *sorted(root.glob('benchmarks/*.md')),
        *sorted(root.glob('results/*.md')),
    ]
