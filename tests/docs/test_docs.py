"""What the documents point at exists."""

from __future__ import annotations

import re

import pytest
from config_files import CONFIGS, ROOT, load
from markdown_links import repository_pages

DOCUMENTS = repository_pages(ROOT)


def id_of(path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize('path', DOCUMENTS, ids=id_of)
def test_named_files_exist(path):
    """Paths in backticks from the root, or from the package."""
    named = re.findall(
        r'`((?:vsslcodebase|configs|tools|tests|docs|datasets|models)/'
        r'[\w./-]+\.(?:py|md|sh|yml))(?:::\w+)?`',
        path.read_text(),
    )
    examples = 'arrow_of_time'  # of adding_a_method.md; it lives in the tests
    missing = [
        name
        for name in named
        if not (ROOT / name).is_file()
        and not (ROOT / 'vsslcodebase' / name).is_file()
        and examples not in name
    ]
    assert missing == []


@pytest.mark.parametrize('name', ['corp', 'hcml', 'ltn', 'pace'])
def test_fidelity_page_names_tests_that_exist(name):
    page = (ROOT / 'docs' / 'papers' / f'{name}.md').read_text()
    named = re.findall(r'`(tests/[\w/]+\.py)::(\w+)`', page)
    assert len(named) >= 15
    missing = [
        (file, name)
        for file, name in named
        if f'def {name}(' not in (ROOT / file).read_text()
    ]
    assert missing == []


@pytest.mark.parametrize(
    ('name', 'pretraining', 'evaluation'),
    [
        ('corp', 'corp/corp_m_r3d50_ssv2', 'eval/linear/linear_r3d50_ssv2'),
        (
            'hcml',
            'hcml/hcml_r2d50_k400',
            'eval/supervised/supervised-motion_r2d50_k400',
        ),
        (
            'ltn',
            'ltn/ltn_moco-rho4_slow50_smarthome',
            'eval/linear/linear_slow50_smarthome',
        ),
        (
            'pace',
            'pace/pace_r2plus1d10_ucf101',
            'eval/retrieval/retrieval_c3d_ucf101',
        ),
    ],
)
def test_options_of_the_fidelity_page_exist(name, pretraining, evaluation):
    """Keys in backticks are keys of the configs that it speaks of."""
    page = (ROOT / 'docs' / 'papers' / f'{name}.md').read_text()
    keys = re.findall(
        r'`((?:model|train_dataloader|test_evaluator)\.[\w.]+)(?:=\w+)?`',
        page,
    )
    assert len(keys) >= 5
    for key in keys:
        evaluates = 'cls_head' in key or key.startswith('test_evaluator')
        source = load(
            CONFIGS / f'{evaluation if evaluates else pretraining}.py'
        )
        for part in key.split('.'):
            assert part in source, key
            source = source[part]
