"""Does every link lead somewhere? ``python tools/docs/check_links.py``.

    python tools/docs/check_links.py                # the Markdown files
    python tools/docs/check_links.py --site site    # and the built site
    python tools/docs/check_links.py --list         # links to the web
    python tools/docs/check_links.py --fetch        # ask for each of them

Relative links need a file, and a heading where they name one. In the site no
page may load anything from elsewhere. The exit code is 1 where a link is
broken. Only ``--fetch`` uses the network.
"""

from __future__ import annotations

import argparse
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from built_site import broken_in_site
from markdown_links import Link, anchors, find_links, repository_pages

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_SEC = 20


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('--site', type=Path, help='folder of a built site')
    add('--list', action='store_true', help='print the links to the web')
    add('--fetch', action='store_true', help='ask for each link to the web')
    return parser.parse_args()


def main() -> int:
    """Print what is broken; return 1 if anything is."""
    args = parse_args()
    pages = repository_pages(ROOT)
    broken = [line for page in pages for line in broken_in_page(page)]
    if args.site is not None:
        if not (args.site / 'index.html').is_file():
            sys.exit(f'{args.site} is no built site: run `make docs`')
        broken += broken_in_site(args.site)
    for target in external_links(pages) if args.list or args.fetch else []:
        problem = fetch_problem(target) if args.fetch else None
        if args.list or problem:
            print(target, problem or '')
        broken += [f'{target}: {problem}'] if problem else []
    print('\n'.join(broken) or 'every link leads somewhere')
    return 1 if broken else 0


def broken_in_page(page: Path, root: Path = ROOT) -> Iterator[str]:
    """Yield ``page:line: why`` for each link of a page that leads nowhere."""
    for link in find_links(page.read_text()):
        if not link.is_external and (why := _why_broken(page, link, root)):
            name = page.relative_to(root)
            yield f'{name}:{link.line}: {link.target}: {why}'


def external_links(pages: list[Path]) -> list[str]:
    """Return the addresses on the web that pages link to, each once."""
    return sorted(
        {
            link.target
            for page in pages
            for link in find_links(page.read_text())
            if link.is_external
        }
    )


def fetch_problem(address: str) -> str | None:
    """Ask a server for an address; return what it answered, if not 200."""
    try:
        request = urllib.request.Request(
            address, headers={'User-Agent': 'link check'}
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_SEC):
            return None
    except (urllib.error.URLError, TimeoutError, ValueError) as error:
        return str(error)


def _why_broken(page: Path, link: Link, root: Path) -> str | None:
    target = (page.parent / link.path).resolve() if link.path else page
    if not target.is_relative_to(root):
        return 'outside of the repository'
    if target.is_dir():
        target /= 'README.md'  # what a code host shows of a folder
    if not target.is_file():
        return 'no such file, or a folder without README'
    if not link.anchor:
        return None
    if target.suffix != '.md':
        return 'a file without headings'
    if link.anchor not in _anchors_of(target):
        return 'no such heading there'
    return None


@cache
def _anchors_of(page: Path) -> set[str]:
    return anchors(page.read_text())


if __name__ == '__main__':
    sys.exit(main())
