"""The built site: links that lead somewhere, nothing from elsewhere."""

from __future__ import annotations

import pytest
from built_site import PageReader, broken_in_site
from config_files import ROOT
from markdown_links import find_links, repository_pages

PAGES = repository_pages(ROOT)


def test_mkdocs_warns_of_nothing(built):
    """``make docs`` takes a warning for an error: links, pages left out."""
    assert not built.warnings, '\n'.join(built.warnings)


def test_every_link_of_the_site_leads_somewhere(site):
    found = broken_in_site(site)
    assert not found, '\n'.join(found[:20])  # nav is on every page


def place_of(path):
    """Where the site has a page of the repository."""
    name = path.relative_to(ROOT).as_posix().removeprefix('docs/')
    if name == 'README.md':
        return 'readme.html'
    name = name.replace('README.md', 'index.md')
    return name.removesuffix('.md') + '.html'


@pytest.mark.parametrize(
    'path', PAGES, ids=lambda path: str(path.relative_to(ROOT))
)
def test_every_page_is_there_with_all_of_its_links(site, path):
    """Links into the repository stay links into the site."""
    html = PageReader((site / place_of(path)).read_text())
    links = find_links(path.read_text())
    external = [link.target for link in links if link.is_external]
    assert set(external) <= {*html.links, *html.loads}
    names = {target.rsplit('/', 1)[-1] for target in html.links}
    sources = [link.path for link in links if link.path.endswith('.py')]
    for source in sources:
        assert f'{source.rsplit("/", 1)[-1]}.html' in names


def test_a_linked_config_is_shown_whole(site):
    name = 'configs/corp/corp_m_r3d50_k400.py'
    page = (site / 'source' / f'{name}.html').read_text()
    assert name in page
    assert 'SampleSeparatedClips' in page
    assert 'class="language-python highlight"' in page


def test_sources_are_those_that_pages_link_to_and_no_others(site):
    linked = set()
    for path in PAGES:
        for link in find_links(path.read_text()):
            target = (path.parent / link.path).resolve()
            if not link.is_external and target.is_file():
                linked.add(target)
    sources = {
        path.relative_to(ROOT).as_posix() + '.html'
        for path in linked
        if path.suffix not in ('.md', '.png', '.pth')
    }
    shown = {
        path.relative_to(site / 'source').as_posix()
        for path in (site / 'source').rglob('*.html')
    }
    assert shown == sources


def test_a_checkpoint_can_be_downloaded_from_the_zoo(site):
    files = sorted((ROOT / 'checkpoints').glob('*.pth'))
    page = (site / 'model_zoo.html').read_text()
    for path in files:
        place = f'source/checkpoints/{path.name}'
        assert f'href="{place}"' in page
        assert (site / place).read_bytes() == path.read_bytes()
    assert files


def test_search_finds_pages_and_not_sources(site):
    index = (site / 'search' / 'search_index.json').read_text()
    assert 'motion_mini.html' in index
    assert 'source/' not in index


def test_search_needs_no_server(site):
    """Pages opened as files have the index, and a worker before it is used."""
    loads = PageReader((site / 'tutorials' / 'corp.html').read_text()).loads
    scripts = [name for name in loads if name.endswith('.js')]
    assert scripts[0] == '../iframe-worker.js'
    assert scripts[1].startswith('../assets/javascripts/bundle')
    inlined = (site / 'search' / 'search_index.js').read_text()
    index = (site / 'search' / 'search_index.json').read_text()
    assert inlined == f'var __index = {index}'


def test_no_page_asks_for_diagrams_that_the_theme_would_fetch(site):
    """The theme loads a library for ``mermaid`` blocks from the web."""
    assert not [
        path for path in site.rglob('*.html') if 'mermaid' in path.read_text()
    ]


HTML = '<html><head>{head}</head><body><h1 id="top">T</h1>{body}</body></html>'


@pytest.mark.parametrize(
    ('head', 'body', 'problem'),
    [
        ('', '<a href="#top">x</a>', None),
        ('', '<a href="b/">x</a> <a href="b/index.html#in">x</a>', None),
        ('', '<a href="https://x.org/">x</a>', None),
        ('<link rel="stylesheet" href="s.css">', '', None),
        ('', '<img src="data:image/png;base64,AA">', None),
        ('', '<a href="c.html">x</a>', 'c.html leads nowhere'),
        ('', '<a href="/b/">x</a>', '/b/ leads nowhere'),
        ('', '<a href="#t">x</a>', '#t names a heading that is not there'),
        ('', '<a href="b/#t">x</a>', 'names a heading that is not there'),
        ('', '<img src="c.png">', 'c.png is loaded and not there'),
        (
            '<script src="https://x.org/a.js"></script>',
            '',
            'a.js is loaded from elsewhere',
        ),
        (
            '<link rel="stylesheet" href="//x.org/a.css">',
            '',
            'a.css is loaded from elsewhere',
        ),
        (
            '<link rel="preconnect" href="https://x.org">',
            '',
            'https://x.org is loaded from elsewhere',
        ),
        (
            '<style>@import "https://x.org/f.css";</style>',
            '',
            'f.css is loaded from elsewhere',
        ),
        (
            '',
            '<p style="background: url(https://x.org/a.png)">x</p>',
            'a.png is loaded from elsewhere',
        ),
    ],
)
def test_what_is_broken_in_a_site(tmp_path, head, body, problem):
    (tmp_path / 'b').mkdir()
    (tmp_path / 's.css').write_text('p {color: red}')
    (tmp_path / 'b' / 'index.html').write_text('<p id="in">x</p>')
    (tmp_path / 'a.html').write_text(HTML.format(head=head, body=body))
    found = broken_in_site(tmp_path)
    if problem is None:
        assert found == []
    else:
        (line,) = found
        assert line.startswith('a.html: ')
        assert line.endswith(problem)


def test_a_style_sheet_that_loads_a_font_is_found(tmp_path):
    (tmp_path / 's.css').write_text(
        '@font-face {src: url("https://x.org/f.woff2")}'
    )
    assert broken_in_site(tmp_path) == [
        's.css: https://x.org/f.woff2 is loaded from elsewhere'
    ]


def test_addresses_from_the_root_serve_the_page_of_wrong_addresses(tmp_path):
    (tmp_path / '404.html').write_text('<a href="/a.html">x</a>')
    (tmp_path / 'a.html').write_text('<a href="a.html">x</a>')
    assert broken_in_site(tmp_path) == []
