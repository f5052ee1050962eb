"""Where pages and sources stand in the site, and what becomes of links."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import site_hooks
from config_files import ROOT
from markdown_links import find_links
from mkdocs.exceptions import PluginError
from site_hooks import find_target, on_page_markdown, site_path, source_text


@pytest.mark.parametrize(
    ('file', 'place'),
    [
        ('docs/design.md', 'design.md'),
        ('docs/papers/corp.md', 'papers/corp.md'),
        ('docs/images/corp_clips.png', 'images/corp_clips.png'),
        ('README.md', 'readme.md'),  # docs/index.md is the first page
        ('CONTRIBUTING.md', 'CONTRIBUTING.md'),
        ('configs/corp/README.md', 'configs/corp/README.md'),
        ('tools/train.py', 'source/tools/train.py.md'),
        ('LICENSE', 'source/LICENSE.md'),
        ('configs/picture.png', 'source/configs/picture.png'),
        ('checkpoints/a.pth', 'source/checkpoints/a.pth'),
    ],
)
def test_place_in_the_site(file, place):
    assert site_path(ROOT / file) == place


@pytest.mark.parametrize(
    ('link', 'target'),
    [
        ('data_preparation.md', 'docs/data_preparation.md'),
        ('../README.md#use', 'README.md'),
        ('../configs/corp', 'configs/corp/README.md'),
        ('../tools/train.py', 'tools/train.py'),
        ('https://x.org', None),
        ('#choices', None),
        ('missing.md', None),
        ('../../elsewhere.md', None),
    ],
)
def test_target_of_a_link_on_a_page_in_docs(link, target):
    (found,) = find_links(f'[a]({link})')
    expected = None if target is None else ROOT / target
    assert find_target(ROOT / 'docs' / 'design.md', found) == expected


def rewritten(place, text):
    page = SimpleNamespace(file=SimpleNamespace(src_uri=place))
    config = SimpleNamespace(docs_dir=str(ROOT / 'docs'))
    return on_page_markdown(text, page=page, config=config, files=None)


def test_links_of_a_page_outside_of_docs(monkeypatch):
    place = 'configs/corp/README.md'
    monkeypatch.setitem(site_hooks._OUTSIDE, place, ROOT / place)
    text = (
        '[page](../../docs/papers/corp.md#choices) [there](../mini)\n'
        '[source](../../tools/train.py) [web](https://x.org) [here](#a)\n'
        '`[code](../../tools/train.py)` [gone](gone.md)\n'
    )
    assert rewritten(place, text) == (
        '[page](../../papers/corp.md#choices) [there](../mini/README.md)\n'
        '[source](../../source/tools/train.py.md) [web](https://x.org)'
        ' [here](#a)\n'
        '`[code](../../tools/train.py)` [gone](gone.md)\n'
    )


def test_links_of_a_page_in_docs():
    text = '[a](../README.md) [b](../configs/corp/README.md) [c](doctor.md)'
    assert rewritten('design.md', text) == (
        '[a](readme.md) [b](configs/corp/README.md) [c](doctor.md)'
    )


def test_a_program_keeps_what_looks_like_a_link():
    text = '```python\nx\n```\n[a](../README.md)'
    assert rewritten('source/tools/train.py.md', text) == text


def test_backticks_in_a_source_do_not_end_its_block(tmp_path):
    text = source_text(tmp_path / 'a.py', 'x = 1\n````\ny = 2\n')
    assert text.endswith('\n`````python\nx = 1\n````\ny = 2\n`````\n')
    assert 'exclude: true' in text  # search finds pages, not programs


def test_a_file_that_is_no_source_to_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / 'big.json'
    path.write_text('0' * 300_000)
    monkeypatch.setattr(site_hooks, 'ROOT', tmp_path)
    with pytest.raises(PluginError, match=r'big\.json .* too much for a page'):
        site_hooks._source_page(path, None)
