"""A site as a browser sees it: links, places to jump to, what is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# what a browser fetches without being asked to
LOADING = {'script': 'src', 'img': 'src', 'iframe': 'src', 'source': 'src'}
CSS_ADDRESS = re.compile(r'(?:url\(\s*|@import\s+)["\']?([^"\')\s;]+)')
# the page that a server shows for a wrong address, wherever that was
FROM_THE_ROOT = '404.html'


class PageReader(HTMLParser):
    """Collects what one page of HTML links to, and loads.

    Attributes:
        links: targets of ``<a>``.
        loads: what a browser fetches for the page.
        anchors: places of the page that links can name.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self._in_style = False
        self.feed(html)

    def handle_starttag(
        self, tag: str, attrs: list[tuple[str, str | None]]
    ) -> None:
        """Note what a tag names."""
        values = {key: value or '' for key, value in attrs}
        self.anchors |= {values[k] for k in ('id', 'name') if k in values}
        self._in_style = tag == 'style'
        if tag == 'a' and 'href' in values:
            self.links.append(values['href'])
        elif tag == 'link' and values.get('rel') not in ('prev', 'next'):
            self.loads.append(values.get('href', ''))
        elif LOADING.get(tag) in values:
            self.loads.append(values[LOADING[tag]])
        self.loads += CSS_ADDRESS.findall(values.get('style', ''))

    def handle_data(self, data: str) -> None:
        """Note what a style sheet within the page loads."""
        if self._in_style:
            self.loads += CSS_ADDRESS.findall(data)


def broken_in_site(site: Path) -> list[str]:
    """Return a line for each link that leads nowhere, or load from elsewhere.

    Args:
        site: folder that mkdocs has written.
    """
    pages = {
        path: PageReader(path.read_text()) for path in site.rglob('*.html')
    }
    found = []
    for path, page in sorted(pages.items()):
        name = path.relative_to(site).as_posix()
        problems = [
            *(_broken_link(link, path, site, pages) for link in page.links),
            *(_bad_load(target, path, site) for target in page.loads),
        ]
        found += [f'{name}: {problem}' for problem in problems if problem]
    return found + list(_bad_style_sheets(site))


def _broken_link(
    target: str, path: Path, site: Path, pages: dict[Path, PageReader]
) -> str | None:
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return None  # the web, which is not asked here
    file = _file_of(parts.path, path, site) if parts.path else path
    if not file.is_file():
        return f'{target} leads nowhere'
    anchor = unquote(parts.fragment)
    if anchor and file in pages and anchor not in pages[file].anchors:
        return f'{target} names a heading that is not there'
    return None


def _bad_load(target: str, path: Path, site: Path) -> str | None:
    if target.startswith('data:'):
        return None
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return f'{target} is loaded from elsewhere'
    if not _file_of(parts.path, path, site).is_file():
        return f'{target} is loaded and not there'
    return None


def _bad_style_sheets(site: Path) -> Iterator[str]:
    for path in sorted(site.rglob('*.css')):
        for target in CSS_ADDRESS.findall(path.read_text()):
            if problem := _bad_load(target, path, site):
                yield f'{path.relative_to(site).as_posix()}: {problem}'


def _file_of(target: str, page: Path, site: Path) -> Path:
    """Return the file that a relative address names, seen from a page."""
    target = unquote(target)
    if target.startswith('/') and page.name == FROM_THE_ROOT:
        return _index(site / target.lstrip('/'))
    return _index((page.parent / target).resolve())


def _index(path: Path) -> Path:
    return path / 'index.html' if path.is_dir() else path
