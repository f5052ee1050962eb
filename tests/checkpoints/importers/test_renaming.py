import pytest
import torch

from vsslcodebase.checkpoints.importers.renaming import (
    _example,
    peer_state,
    rename,
    with_width,
    without_parallel,
)

ONE = torch.ones(1)
RULES = [
    (r'block(\d)\.(weight|bias)', r'layer\1.\2'),
    (r'block0\..+', 'never reached'),
    (r'fc\..+', None),
]


def test_the_first_rule_that_matches_the_whole_key_holds():
    state = {'block0.weight': ONE, 'fc.bias': ONE, 'block2.bias': 2 * ONE}
    renamed, left_out = rename(state, RULES, 'file')
    assert list(renamed) == ['layer0.weight', 'layer2.bias']
    assert renamed['layer2.bias'] == 2
    assert left_out == ['fc.bias']


def test_every_unknown_key_is_counted_and_the_first_are_named():
    state = {f'other{i}.w': ONE for i in range(8)}
    with pytest.raises(ValueError, match='a file: 8 of 9 keys') as error:
        rename({**state, 'fc.w': ONE}, RULES, 'a file')
    said = str(error.value)
    assert 'other0.w, other1.w, other2.w, other3.w, other4.w and 3' in said
    assert 'expected keys like block0.weight' in said
    # a part of a key is no match
    with pytest.raises(ValueError, match='1 of 1 keys'):
        rename({'my.block1.weight': ONE}, RULES, 'a file')


def test_two_keys_of_one_name_are_an_error():
    rules = [(r'(net|ema)\.(.+)', r'\2')]
    with pytest.raises(ValueError, match=r'net\.w and ema\.w would both'):
        rename({'net.w': ONE, 'ema.w': ONE}, rules, 'a file')


def test_module_is_taken_off_only_where_all_have_it():
    state = {'module.a': ONE, 'module.module.b': ONE}
    assert set(without_parallel(state)) == {'a', 'module.b'}
    state['c'] = ONE
    assert without_parallel(state) == state


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ([1, 2], 'holds a list, expected a state dict, bare or under model'),
        (dict(model=3), 'holds a int'),
        (dict(epoch=3), r'holds no tensors \(keys: epoch\)'),
        (dict(model={}), r'holds no tensors \(keys: none\)'),
    ],
)
def test_a_file_without_tensors_is_named(tmp_path, content, message):
    path = tmp_path / 'peer.pth'
    torch.save(content, path)
    with pytest.raises(ValueError, match=message) as error:
        peer_state(path, ('model',))
    assert str(error.value).startswith(str(path))


def test_the_first_wrapper_that_is_there_is_opened(tmp_path):
    path = tmp_path / 'peer.pth'
    content = dict(b={'module.x': ONE, 'epoch': 3}, c={'y': ONE}, z=ONE)
    torch.save(content, path)
    assert set(peer_state(path, ('a', 'b', 'c'))) == {'x'}
    assert set(peer_state(path, ('a',))) == {'z'}


def test_a_network_is_as_wide_as_its_stem():
    base = dict(type='VideoResNet3d')
    assert with_width(base, {'conv1.conv.weight': torch.ones(64, 3)}) == base
    slim = with_width(base, {'conv1.conv.weight': torch.ones(8, 3)})
    assert slim == dict(base, base_channels=8)
    assert with_width(base, {}) == base


@pytest.mark.parametrize(
    ('pattern', 'example'),
    [
        (r's1\.bn(?:\.bn)?\.(weight|bias)', 's1.bn.weight'),
        (r'(?P<net>a|b)\.res(\d+)\.w', 'a.res0.w'),
        (r'backbone\.(.+)', 'backbone.*'),
    ],
)
def test_patterns_are_shown_as_keys(pattern, example):
    assert _example(pattern) == example
