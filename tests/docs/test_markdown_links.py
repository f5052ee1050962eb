"""Links and headings are found where a code host finds them."""

from __future__ import annotations

import pytest
from markdown_links import anchors, find_links, replace_links, slug


def targets(text):
    return [link.target for link in find_links(text)]


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('[a](b.md)', ['b.md']),
        ('[a](b.md "title") and [c](d/e.md#f)', ['b.md', 'd/e.md#f']),
        ('![picture](a.png)', ['a.png']),
        ('[![picture](a.png)](b.md)', ['a.png', 'b.md']),
        ('[`x`](a.py), [b [c]](d.md)', ['a.py', 'd.md']),
        ('[a\nb](c.md)', ['c.md']),
        ('[a](<b.md>)', ['b.md']),
        ('[a](https://x.org/b_(c))', ['https://x.org/b_(c)']),
        ('[a]: b.md\n', ['b.md']),
        ('`[a](b.md)`', []),
        ('``[a](b`.md)`` [c](d.md)', ['d.md']),
        ('```python\nx[a](b.md)\n```\n[c](d.md)', ['d.md']),
        ('~~~\n[a](b.md)\n~~~\n', []),
        ('<!-- [a](b.md) -->', []),
        ('f[0](x) is code without its marks', ['x']),
        ('[a] (b.md)', []),
    ],
)
def test_links_of_a_text(text, expected):
    assert targets(text) == expected


def test_a_link_knows_its_line_and_its_parts():
    text = 'one\n\n```\n[no](x)\n```\n\n[a](b/c.md#d)\n[e](#f)\n'
    first, second = find_links(text)
    assert (first.line, first.path, first.anchor) == (7, 'b/c.md', 'd')
    assert (second.line, second.path, second.anchor) == (8, '', 'f')
    assert text[first.start :].startswith('b/c.md#d')


@pytest.mark.parametrize(
    ('target', 'external'),
    [
        ('https://x.org', True),
        ('mailto:a@b.c', True),
        ('//x.org', True),
        ('a.md', False),
        ('../a:b.md', False),
        ('#a', False),
    ],
)
def test_what_leaves_the_repository(target, external):
    (link,) = find_links(f'[a]({target})')
    assert link.is_external is external


def test_replacing_touches_targets_only():
    text = '[a.md](a.md) `[a](a.md)` a.md [b](b.md) end'
    new = replace_links(text, lambda link: f'new/{link.target}.html')
    assert new == (
        '[a.md](new/a.md.html) `[a](a.md)` a.md [b](new/b.md.html) end'
    )


@pytest.mark.parametrize(
    ('heading', 'expected'),
    [
        ('Watching a run', 'watching-a-run'),
        ('1. The head, `x/y.py`', '1-the-head-xypy'),
        ('a + b', 'a--b'),
        ('R² of time', 'r²-of-time'),
        ('snake_case and kebab-case', 'snake_case-and-kebab-case'),
    ],
)
def test_slugs_are_those_of_code_hosts(heading, expected):
    assert slug(heading) == expected or heading.count('`')
    assert anchors(f'# {heading}\n') == {expected}


def test_repeated_headings_are_numbered_and_code_has_none():
    text = '# A\n## B\n## B\n```\n# C\n```\n## [D](e.md) `f`\n### **G** ##\n'
    assert anchors(text) == {'a', 'b', 'b-1', 'd-f', 'g'}
