"""Commands on pages are commands of the tools, with options that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from config_files import ROOT, load
from markdown_links import repository_pages
from page_commands import commands_of, read_command

from vsslcodebase.engine.arguments import parse_test, parse_train
from vsslcodebase.engine.overrides import apply_overrides

# what pages use beside our tools; anything else is a typing error
OTHERS = {
    *('(cd', 'awk', 'curl', 'head', 'pip', 'source', 'for', 'done'),
}
SCRIPTS = {
    # words before the options: where the config is, how many there are
    'tools/dist_train.sh': (0, 2, parse_train),
    'tools/dist_test.sh': (0, 3, parse_test),
    'tools/slurm_train.sh': (2, 3, parse_train),
}


def collect():
    found = {}
    for page in repository_pages(ROOT):
        for words in commands_of(page.read_text()):
            found.setdefault(tuple(words), page.relative_to(ROOT))
    return [
        pytest.param(list(words), id=f'{page}-{number}')
        for number, (words, page) in enumerate(found.items())
    ]


COMMANDS = collect()
TARGETS = set(re.findall(r'^(\w+):', (ROOT / 'Makefile').read_text(), re.M))


def test_there_are_commands():
    assert len(COMMANDS) > 100


def check_options(config, options):
    """Options are of keys that the config has, where there is a config."""
    if not options or not Path(config).suffix or 'CONFIG' in config:
        return
    if (ROOT / config).is_file():
        apply_overrides(load(ROOT / config), options)


@pytest.mark.parametrize('words', COMMANDS)
def test_command_is_understood(words, monkeypatch):
    words = ['0' if word == 'S' else word for word in words]  # any seed
    for word in words:
        if re.match(r'(configs|tools|benchmarks)/[\w./-]+$', word):
            assert (ROOT / word).exists(), word
    if words[0] in SCRIPTS:
        place, before, parse = SCRIPTS[words[0]]
        config, rest = words[1 + place], words[1 + before :]
        checkpoint = ['FILE'] if parse is parse_test else []
        check_options(config, parse([config, *checkpoint, *rest]).cfg_options)
    elif words[0] == 'make':
        assert set(words[1:]) <= TARGETS
    elif words[0] == 'python' and words[1].startswith('tools/'):
        args, rest = read_command(ROOT / words[1], words[2:], monkeypatch)
        if words[1] == 'tools/train_stages.py':
            rest = parse_train([args.config, *rest])
            check_options(args.config, rest.cfg_options)
        else:
            assert rest == []
            check_options(
                str(getattr(args, 'config', '')),
                getattr(args, 'cfg_options', {}),
            )
    elif words[0] == 'python':
        place = words[1]
        assert (
            place.startswith(('MMACTION2/', '-m', '-c'))
            or (ROOT / place).is_file()
        )
    else:
        assert words[0] in OTHERS or (ROOT / words[0]).is_file(), words


@pytest.mark.parametrize(
    ('page', 'config'),
    [
        ('corp', 'configs/corp/corp_m_r3d50_ssv2.py'),
        ('pace', 'configs/pace/pace_same-context-fc_r2plus1d10_ucf101.py'),
        ('hcml', 'configs/hcml/hcml_joint_r2d50_k400.py'),
        ('ltn', 'configs/ltn/ltn_moco-rho4_slow50_smarthome.py'),
        ('momentum', 'configs/moco/moco_rho4_slow50_ucf101.py'),
    ],
)
def test_knobs_of_a_tutorial_are_keys_of_its_config(page, config):
    text = (ROOT / 'docs' / 'tutorials' / f'{page}.md').read_text()
    table = text.split('## Knobs')[1].split('## ')[0]
    knobs = re.findall(r'`"?((?:model|train_dataloader)[\w.]+)=', table)
    assert len(knobs) >= 4
    apply_overrides(load(ROOT / config), dict.fromkeys(knobs, 1))


def test_keys_of_the_migration_page_are_keys_of_a_config():
    text = (ROOT / 'docs' / 'migration.md').read_text()
    table = text.split('## Checkpoints')[0]
    table = table.replace('SAMPLER', 'train_dataloader.dataset.pipeline.1')
    keys = set(
        re.findall(
            r'`"?((?:model|train_dataloader|optim_wrapper)\.[\w.]+)', table
        )
    )
    assert len(keys) >= 20
    of_pace = {key for key in keys if key.endswith('paces')}
    of_corp = {'model.head.task'}
    for config, some in (
        ('moco/moco_rho4_slow50_ucf101', keys - of_pace - of_corp),
        ('pace/pace_c3d_ucf101', of_pace),
        ('corp/corp_m_r3d50_ssv2', of_corp),
    ):
        path = ROOT / 'configs' / f'{config}.py'
        for key in sorted(some):
            apply_overrides(load(path), {key: 1})
