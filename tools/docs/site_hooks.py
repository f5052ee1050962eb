"""One text, two readers: pages of the repository in the site of mkdocs.

The site's pages are those of ``docs/``, and READMEs and the like from outside
of it. Their links are relative, as a code host wants them, and lead to other
pages, to configs and to source files. Here links to pages become links within
the site, and each source file that some page links to becomes a page that
shows it. ``mkdocs.yml`` names this file under ``hooks``.
"""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path

from markdown_links import (
    Link,
    find_links,
    replace_links,
    repository_pages,
    slug,
)
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
# lexers of the files that pages link to; the rest is shown as it is
LANGUAGES = {
    '.py': 'python',
    '.sh': 'bash',
    '.yml': 'yaml',
    '.json': 'json',
    '.toml': 'toml',
}
# the site has these as they are: to be looked at, or downloaded
COPIED = ('.png', '.jpg', '.gif', '.svg', '.pth')
MAX_BYTES = 200_000  # what is larger is no source to read in a browser


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Give headings the anchors that they have on a code host."""
    config.mdx_configs.setdefault('toc', {})['slugify'] = slug
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages from outside of ``docs/``, and the linked sources."""
    linked: set[Path] = set()
    for path in repository_pages(ROOT):
        if not path.is_relative_to(config.docs_dir):
            files.append(_outside_page(path, config))
        for link in find_links(path.read_text()):
            target = find_target(path, link)
            if target is not None and target.suffix != '.md':
                linked.add(target)
    for path in sorted(linked):
        if not path.is_relative_to(config.docs_dir):
            files.append(_source_page(path, config))
    return files


def on_page_markdown(
    markdown: str, *, page: Page, config: MkDocsConfig, files: Files
) -> str:
    """Turn links within the repository into links within the site."""
    place = page.file.src_uri
    if place.startswith('source/'):
        return markdown  # a program's text: what looks like a link is none
    here = _OUTSIDE.get(place, Path(config.docs_dir, place))

    def in_site(link: Link) -> str:
        target = find_target(here, link)
        if target is None:
            return link.target  # of the web; or broken, as mkdocs will say
        folder = posixpath.dirname(place) or '.'
        anchor = f'#{link.anchor}' if link.anchor else ''
        return posixpath.relpath(site_path(target), folder) + anchor

    return replace_links(markdown, in_site)


def find_target(page: Path, link: Link) -> Path | None:
    """Return the file of the repository that a link of a page leads to.

    Of a folder it is the README, as on a code host; of links to the web, to a
    place in the same page, and of broken ones it is None.
    """
    if link.is_external or not link.path:
        return None
    target = Path(os.path.normpath(page.parent / link.path))
    if target.is_dir():
        target /= 'README.md'
    return target if target.is_relative_to(ROOT) and target.is_file() else None


def site_path(path: Path) -> str:
    """Return where the site has a file of the repository.

    ``docs/`` falls away; the README at the root, which would take the place
    of the first page, is ``readme.md``; sources are under ``source/``.
    """
    inside = path.relative_to(ROOT).as_posix()
    if inside.startswith('docs/'):
        return inside.removeprefix('docs/')
    if inside == 'README.md':
        return 'readme.md'
    if path.suffix == '.md':
        return inside
    if path.suffix in COPIED:
        return f'source/{inside}'
    return f'source/{inside}.md'


_OUTSIDE: dict[str, Path] = {}  # the site's pages that are not in docs/


def _outside_page(path: Path, config: MkDocsConfig) -> File:
    """Return a page whose text is that of a file outside of ``docs/``."""
    place = site_path(path)
    _OUTSIDE[place] = path
    return File.generated(config, place, abs_src_path=str(path))


def _source_page(path: Path, config: MkDocsConfig) -> File:
    """Return a page that shows a source file, or the file itself."""
    if path.suffix in COPIED:
        return File.generated(config, site_path(path), abs_src_path=str(path))
    if path.stat().st_size > MAX_BYTES:
        raise PluginError(
            f'{path.relative_to(ROOT)} is linked to and has more than '
            f'{MAX_BYTES} bytes: too much for a page; do not link to it'
        )
    return File.generated(
        config,
        site_path(path),
        content=source_text(path.relative_to(ROOT), path.read_text()),
    )


def source_text(name: Path, text: str) -> str:
    """Return Markdown that shows the text of a source file.

    Args:
        name: its path from the root.
        text: what it says; fences of backticks in it are outdone.
    """
    longest = max((len(run) for run in re.findall('`+', text)), default=0)
    fence = '`' * max(3, longest + 1)
    return (
        f'---\ntitle: {name.name}\nsearch:\n  exclude: true\n'
        f'hide: [toc]\n---\n\n# `{name.as_posix()}`\n\n'
        f'{fence}{LANGUAGES.get(name.suffix, "text")}\n{text.rstrip()}\n'
        f'{fence}\n'
    )
