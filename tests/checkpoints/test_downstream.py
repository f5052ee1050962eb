"""A pre-trained file is accepted by the evaluations its metafile names."""

from functools import cache

import pytest
from config_files import LEAVES, ROOT
from mmengine.registry import init_default_scope

from vsslcodebase.checkpoints.input_contract import (
    contract_of_config,
    differences,
)
from vsslcodebase.checkpoints.layer_check import (
    _build,
    _shapes,
    layer_differences,
)
from vsslcodebase.engine.launch import load_config
from vsslcodebase.zoo.page import full_size_entries

pytestmark = pytest.mark.slow  # a hundred configs are read
PATHS = {path.stem: path for path in LEAVES}
PAIRS = [
    (entry['Config'], name)
    for entry in full_size_entries(ROOT)
    for name in entry['Downstream'] or []
]


@cache
def config(path):
    return load_config(str(path))


@cache
def colours(path, stage):
    return contract_of_config(config(path), stage)


def network(path):
    """The plain network of a config: motion blocks are around it."""
    backbone = config(path).model.backbone.to_dict()
    return backbone.get('backbone', backbone)


def distinct_networks():
    """Pairs that are not written alike, each once."""
    found = {}
    for trained, evaluated in PAIRS:
        pair = network(ROOT / trained), network(PATHS[evaluated])
        for one in pair:  # what a file does not have
            for key in ('frozen', 'init_cfg', 'pretrained', 'memory_format'):
                one.pop(key, None)
        if pair[0] != pair[1]:
            found.setdefault(repr(pair), (trained, evaluated, *pair))
    return list(found.values())


def test_colours_are_those_of_the_training():
    for trained, evaluated in PAIRS:
        want = colours(ROOT / trained, 'train')
        for stage in ('train', 'test'):
            have = colours(PATHS[evaluated], stage)
            found = [d for d in differences(have, want) if d.is_colour]
            assert not found, (trained, evaluated)


def test_layers_are_those_of_the_training():
    init_default_scope('vsslcodebase')
    for trained, evaluated, want, have in distinct_networks():
        shapes = [_shapes(_build(one)) for one in (have, want)]
        assert shapes[0] == shapes[1], (trained, evaluated)
        assert layer_differences(have, want) == [], (trained, evaluated)
