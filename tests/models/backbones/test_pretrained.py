import copy
import logging

import pytest
import torch
from mmengine.registry import DefaultScope
from motion_toys import BACKBONE

from vsslcodebase.models.backbones.pretrained import load_backbone
from vsslcodebase.registry import MODELS

SMALL = dict(type='SmallR3D', widths=(4, 6))


def build(**options):
    torch.manual_seed(options.pop('seed', 0))
    return MODELS.build(dict(SMALL, **options))


def save(path, state, prefix='', **others):
    state = {prefix + key: value for key, value in state.items()}
    torch.save(dict(state_dict={**state, **others}), path)
    return str(path)


def pretrained(path, **options):
    return dict(type='Pretrained', checkpoint=path, **options)


def assert_same_state(first, second):
    first, second = first.state_dict(), second.state_dict()
    assert first.keys() == second.keys()
    for key in first:
        assert torch.equal(first[key], second[key]), key


@pytest.mark.parametrize('prefix', ['backbone.', 'backbone'])
def test_whole_model_checkpoint_is_loaded_by_prefix(tmp_path, prefix):
    source = build(seed=1)
    path = save(
        tmp_path / 'model.pth',
        source.state_dict(),
        'backbone.',
        **{'head.mlp.weight': torch.ones(2)},
    )
    network = build(init_cfg=pretrained(path, prefix=prefix))
    network.init_weights()
    assert_same_state(network, source)


def test_backbone_only_file_needs_no_other_prefix(tmp_path):
    source = build(seed=1)
    path = save(tmp_path / 'backbone.pth', source.state_dict())
    network = build(init_cfg=pretrained(path, prefix='backbone.'))
    network.init_weights()
    assert_same_state(network, source)


def test_backbone_only_file_may_have_keys_that_look_like_a_models(tmp_path):
    source = MODELS.build(copy.deepcopy(BACKBONE))
    torch.nn.init.normal_(next(source.backbone.parameters()))
    path = save(tmp_path / 'backbone.pth', source.state_dict())
    loaded = MODELS.build(copy.deepcopy(BACKBONE))
    load_backbone(loaded, path, 'backbone.')
    assert_same_state(loaded, source)
    path = save(tmp_path / 'model.pth', source.state_dict(), 'backbone.')
    loaded = MODELS.build(copy.deepcopy(BACKBONE))
    load_backbone(loaded, path, 'backbone.')
    assert_same_state(loaded, source)


def test_state_dict_without_wrapper_is_read(tmp_path):
    source = build(seed=1)
    torch.save(source.state_dict(), tmp_path / 'bare.pth')
    network = build(init_cfg=pretrained(str(tmp_path / 'bare.pth')))
    network.init_weights()
    assert_same_state(network, source)


def test_parent_model_loads_the_backbone_too(tmp_path):
    source = build(seed=1)
    path = save(tmp_path / 'model.pth', source.state_dict(), 'backbone.')
    backbone = dict(
        SMALL,
        type='vsslcodebase.SmallR3D',
        init_cfg=pretrained(path, prefix='backbone.'),
    )
    with DefaultScope.overwrite_default_scope('mmaction'):
        model = MODELS.build(dict(type='Recognizer3D', backbone=backbone))
    model.init_weights()
    assert_same_state(model.backbone, source)


def test_number_of_loaded_tensors_is_logged(tmp_path, monkeypatch):
    source = build(seed=1)
    path = save(tmp_path / 'model.pth', source.state_dict(), 'backbone.')
    lines = []
    monkeypatch.setattr(
        logging.Logger,
        'info',
        lambda self, text, *args: lines.append(text % args),
    )
    # two stages of a convolution and the five tensors of a BatchNorm
    assert load_backbone(build(), path, 'backbone.') == 12
    assert any('12 tensors' in line and path in line for line in lines)


def test_other_prefix_lists_the_prefixes_of_the_file(tmp_path):
    source = build(seed=1)
    path = save(
        tmp_path / 'model.pth',
        source.state_dict(),
        'encoder.',
        **{'fc.weight': torch.ones(2)},
    )
    with pytest.raises(ValueError, match='matched 0 of 12') as error:
        load_backbone(build(), path, 'backbone.')
    text = str(error.value)
    assert path in text
    assert 'encoder. (12), fc. (1)' in text
    assert 'missing in the file (10): stages.0.0.conv.weight' in text
    assert 'unexpected in the file (13): encoder.stages' in text
    assert 'and 8 more' in text  # only the first five keys are listed


def test_partly_fitting_file_is_an_error_and_changes_nothing(tmp_path):
    state = build(seed=1).state_dict()
    del state['stages.0.0.bn.bias']
    state['stages.1.0.conv.weight'] = torch.zeros(6, 4, 1, 1, 1)
    state['stages.2.0.conv.weight'] = torch.zeros(1)
    path = save(tmp_path / 'model.pth', state, 'backbone.')
    network = build()
    before = {k: v.clone() for k, v in network.state_dict().items()}
    with pytest.raises(ValueError, match='matched 10 of 12') as error:
        load_backbone(network, path, 'backbone.')
    text = str(error.value)
    assert 'missing in the file (1): stages.0.0.bn.bias' in text
    assert 'unexpected in the file (1): stages.2.0.conv.weight' in text
    shapes = 'stages.1.0.conv.weight (6, 4, 1, 1, 1) for (6, 4, 3, 3, 3)'
    assert shapes in text
    for key, value in network.state_dict().items():
        assert torch.equal(value, before[key])


@pytest.mark.parametrize(
    ('change', 'complaint'),
    [
        ('lost', r'missing in the file \(1\): stages\.0\.0\.bn\.bias'),
        ('more', r'unexpected in the file \(1\): stages\.2\.bias'),
        ('wide', r'other shape in the file \(1\): stages\.0\.0\.bn'),
    ],
)
def test_one_key_that_does_not_fit_is_enough(tmp_path, change, complaint):
    state = build(seed=1).state_dict()
    if change == 'lost':
        del state['stages.0.0.bn.bias']
    elif change == 'more':
        state['stages.2.bias'] = torch.zeros(6)
    else:
        state['stages.0.0.bn.bias'] = torch.zeros(5)
    path = save(tmp_path / 'model.pth', state, 'backbone.')
    with pytest.raises(ValueError, match=complaint):
        load_backbone(build(), path, 'backbone.')


def test_missing_batch_counters_are_accepted(tmp_path):
    source = build(seed=1)
    state = {
        key: value
        for key, value in source.state_dict().items()
        if not key.endswith('num_batches_tracked')
    }
    network = build()
    assert load_backbone(network, save(tmp_path / 'a.pth', state)) == 10
    assert_same_state(network, source)


def test_config_without_checkpoint_says_how_to_give_one():
    network = build(init_cfg=pretrained(None, prefix='backbone.'))
    with pytest.raises(ValueError, match=r'init_cfg\.checkpoint=PATH'):
        network.init_weights()


def test_absent_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'absent\.pth'):
        load_backbone(build(), str(tmp_path / 'absent.pth'))


def test_file_without_state_dict_is_named(tmp_path):
    torch.save([1, 2], tmp_path / 'list.pth')
    with pytest.raises(ValueError, match=r'list.pth holds a list'):
        load_backbone(build(), str(tmp_path / 'list.pth'))


def test_state_dict_that_is_none_is_named(tmp_path):
    torch.save(dict(state_dict=[1]), tmp_path / 'list.pth')
    with pytest.raises(ValueError, match=r'list\.pth holds a list as its'):
        load_backbone(build(), str(tmp_path / 'list.pth'))


def test_frozen_backbone_stays_bit_identical_in_training():
    network = build(frozen=True)
    model = torch.nn.Sequential(network, torch.nn.Flatten(), linear())
    before = {k: v.clone() for k, v in network.state_dict().items()}
    model.train()
    assert not any(module.training for module in network.modules())
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0, weight_decay=0.1)
    for _ in range(2):
        loss = model(torch.randn(3, 3, 2, 8, 8)).square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for key, value in network.state_dict().items():
        assert torch.equal(value, before[key]), key
    assert model[2].weight.grad.abs().sum() > 0
    assert all(p.grad is None for p in network.parameters())


def test_thawed_backbone_learns_weights_and_statistics():
    network = build()
    before = {k: v.clone() for k, v in network.state_dict().items()}
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    network(torch.randn(3, 3, 2, 8, 8)).square().sum().backward()
    optimizer.step()
    for key, value in network.state_dict().items():
        assert not torch.equal(value, before[key]), key


def test_frozen_backbone_records_no_graph():
    assert not build(frozen=True)(torch.randn(1, 3, 2, 8, 8)).requires_grad


def test_frozen_random_backbone_is_logged_as_such(monkeypatch):
    lines = []
    monkeypatch.setattr(
        logging.Logger,
        'warning',
        lambda self, text, *args: lines.append(text % args),
    )
    build(frozen=True).init_weights()
    assert any('SmallR3D is frozen with random weights' in x for x in lines)


def linear():
    return torch.nn.Linear(6 * 1 * 2 * 2, 4)
