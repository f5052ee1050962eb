"""Every link of the repository's pages leads to something."""

from __future__ import annotations

import sys

import check_links
import pytest
from check_links import broken_in_page, external_links
from config_files import ROOT
from markdown_links import repository_pages

PAGES = repository_pages(ROOT)


def id_of(path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize('page', PAGES, ids=id_of)
def test_links_lead_to_files_and_headings(page):
    found = list(broken_in_page(page))
    assert not found, '\n'.join(found)


def test_no_page_is_forgotten():
    """Every Markdown file but those that a run or a build has made."""
    made = {'work_dirs', 'data', 'site', 'build', 'dist', 'my'}
    everywhere = set(ROOT.glob('*.md'))
    for folder in ROOT.glob('[!.]*/'):
        if folder.name not in made:
            everywhere |= set(folder.rglob('*.md'))
    assert everywhere == set(PAGES)


def test_links_to_the_web_are_encrypted():
    links = external_links(PAGES)
    assert len(links) >= 15
    assert [link for link in links if not link.startswith('https://')] == []


@pytest.mark.parametrize(
    ('link', 'problem'),
    [
        ('other.md', None),
        ('other.md#a-heading', None),
        ('#mine', None),
        ('folder', None),
        ('folder#read-me', None),
        ('script.py', None),
        ('https://nowhere.invalid/x', None),
        ('missing.md', 'no such file'),
        ('other.md#another', 'no such heading'),
        ('#yours', 'no such heading'),
        ('empty', 'folder without README'),
        ('../outside.md', 'outside of the repository'),
        ('script.py#L3', 'a file without headings'),
    ],
)
def test_what_is_broken(tmp_path, link, problem):
    root = tmp_path / 'repository'
    (root / 'folder').mkdir(parents=True)
    (root / 'empty').mkdir()
    (tmp_path / 'outside.md').write_text('# Outside\n')
    (root / 'other.md').write_text('# A heading\n')
    (root / 'folder' / 'README.md').write_text('# Read me\n')
    (root / 'script.py').write_text('')
    page = root / 'page.md'
    page.write_text(f'# Mine\n\n[text]({link})\n')
    found = list(broken_in_page(page, root))
    if problem is None:
        assert found == []
    else:
        (line,) = found
        assert line.startswith(f'page.md:3: {link}: ')
        assert problem in line


def run(monkeypatch, pages, *options):
    monkeypatch.setattr(check_links, 'repository_pages', lambda root: pages)
    monkeypatch.setattr(check_links, 'ROOT', pages[0].parent)
    monkeypatch.setattr(sys, 'argv', ['check_links.py', *options])
    return check_links.main()


def test_the_tool_lists_links_to_the_web_and_asks_none(
    tmp_path, monkeypatch, capsys
):
    page = tmp_path / 'page.md'
    page.write_text('[a](https://b.invalid/) [c](https://a.invalid/)')
    asked = []
    monkeypatch.setattr(check_links, 'fetch_problem', asked.append)
    assert run(monkeypatch, [page], '--list') == 0
    lines = capsys.readouterr().out.split()
    assert lines[:2] == ['https://a.invalid/', 'https://b.invalid/']
    assert asked == []


def test_the_tool_fails_where_the_web_says_no(tmp_path, monkeypatch, capsys):
    page = tmp_path / 'page.md'
    page.write_text('[a](https://b.invalid/)')
    monkeypatch.setattr(check_links, 'fetch_problem', lambda address: '404')
    assert run(monkeypatch, [page], '--fetch') == 1
    assert 'https://b.invalid/: 404' in capsys.readouterr().out


def test_an_address_that_is_none_is_a_problem_of_its_own():
    assert 'unknown url type' in check_links.fetch_problem('nonsense')


def test_a_folder_that_is_no_site(tmp_path, monkeypatch):
    page = tmp_path / 'page.md'
    page.write_text('')
    with pytest.raises(SystemExit, match='no built site: run `make docs`'):
        run(monkeypatch, [page], '--site', str(tmp_path))
