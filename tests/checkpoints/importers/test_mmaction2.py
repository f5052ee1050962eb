"""MMAction2's own classes and configs: the same features from its files."""

from collections import OrderedDict
from pathlib import Path

import mmaction
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from peer_toys import (
    assert_same_features,
    random_clip,
    random_frames,
    shake,
)
from torch import nn

from vsslcodebase.checkpoints.importers import mmaction2
from vsslcodebase.checkpoints.importers.renaming import filled_backbone
from vsslcodebase.compat import CheckpointError
from vsslcodebase.registry import MODELS

RECOGNITION = Path(mmaction.__file__).parent / '.mim/configs/recognition'
FILES = dict(
    slowonly_r50_8x8='slowonly/slowonly_r50_8xb16-8x8x1-256e_kinetics400-rgb',
    slowonly_r50_4x16=(
        'slowonly/slowonly_r50_8xb16-4x16x1-256e_kinetics400-rgb'
    ),
    i3d_r50='i3d/i3d_imagenet-pretrained-r50_8xb8-32x2x1-100e_kinetics400-rgb',
    r2plus1d_r34='r2plus1d/r2plus1d_r34_8xb8-8x8x1-180e_kinetics400-rgb',
)
# Without effect on the features in eval mode
NO_MATTER = {'norm_eval', 'pretrained2d', 'requires_grad'}


def config_of(variant, width=4):
    """Return MMAction2's config of a network, less wide."""
    cfg = Config.fromfile(RECOGNITION / f'{FILES[variant]}.py')
    cfg.model.backbone.update(base_channels=width, pretrained=None)
    cfg.model.cls_head.update(in_channels=4, num_classes=3)
    return cfg


def recognizer_of(cfg):
    """Return the backbone of MMAction2's class, shaken, and the whole."""
    init_default_scope('mmaction')
    model = cfg.copy().model
    if 'norm_cfg' in model.backbone:
        model.backbone.norm_cfg.type = 'BN3d'  # SyncBN of one process
    network = MODELS.build(dict(model, type='mmaction.Recognizer3D'))
    shake(network)
    return network


def save(folder, network, cfg=None, state=None):
    path = folder / 'epoch_100.pth'
    meta = dict(epoch=100, **({'cfg': cfg.pretty_text} if cfg else {}))
    state = network.state_dict() if state is None else state
    torch.save(dict(meta=meta, state_dict=state), path)
    return path


@pytest.mark.parametrize('variant', sorted(FILES))
def test_classes_of_mmaction2_give_the_same_features(tmp_path, variant):
    cfg = config_of(variant)
    theirs = recognizer_of(cfg)
    clip = random_clip(1, 3, 8, 32, 32)
    with torch.no_grad():
        features = theirs.backbone(clip)
    imported = mmaction2.convert(save(tmp_path, theirs, cfg))
    assert imported.backbone['type'] in mmaction2.OURS.values()
    assert imported.left_out == [
        'cls_head.fc_cls.weight',
        'cls_head.fc_cls.bias',
    ]
    assert_same_features(filled_backbone(imported), features, clip)


@pytest.mark.parametrize('variant', sorted(FILES))
def test_variants_are_the_configs_of_mmaction2(variant):
    cfg = Config.fromfile(RECOGNITION / f'{FILES[variant]}.py')
    ours, contract = mmaction2._of_config(cfg, 'x')
    known, known_contract = mmaction2._of_variant(variant)

    def network(backbone):
        kept = {k: v for k, v in backbone.items() if k not in NO_MATTER}
        norm = dict(kept.pop('norm_cfg', {}))
        norm.pop('requires_grad', None)
        if kept.get('conv_cfg') == dict(type='Conv3d'):
            del kept['conv_cfg']
        return kept, norm

    assert network(ours) == network(known)
    assert contract == known_contract


def test_a_variant_is_as_wide_as_its_file(tmp_path):
    theirs = recognizer_of(config_of('slowonly_r50_8x8', width=2))
    state = nn.Sequential(OrderedDict(module=theirs)).state_dict()
    path = save(tmp_path, theirs, state=state)
    imported = mmaction2.convert(path, variant='slowonly_r50_8x8')
    clip = random_clip(1, 3, 4, 32, 32)
    with torch.no_grad():
        features = theirs.backbone(clip)
    assert_same_features(filled_backbone(imported), features, clip)


def test_a_config_file_serves_a_file_of_the_backbone_alone(tmp_path):
    cfg = config_of('i3d_r50')
    theirs = recognizer_of(cfg).backbone
    file = tmp_path / 'i3d.py'
    cfg.dump(file)
    imported = mmaction2.convert(save(tmp_path, theirs), config=file)
    assert imported.left_out == []
    assert imported.contract.num_frames == 32
    clip = random_clip(1, 3, 8, 32, 32)
    with torch.no_grad():
        features = theirs(clip)
    assert_same_features(filled_backbone(imported), features, clip)


def test_a_backbone_that_is_not_ours_keeps_its_class():
    given = dict(type='ResNet3dCSN', depth=50, pretrained='url', with_pool2=0)
    expected = dict(type='mmaction.ResNet3dCSN', depth=50, with_pool2=0)
    assert mmaction2.our_backbone(given) == expected
    with pytest.raises(ValueError, match="has no backbone 'ResNet4d'"):
        mmaction2.our_backbone(dict(type='ResNet4d'))


@pytest.mark.parametrize('flips', [False, True])
def test_colours_are_those_of_their_preprocessor(flips):
    cfg = config_of('slowonly_r50_8x8')
    cfg.model.data_preprocessor.to_rgb = flips
    _, contract = mmaction2._of_config(cfg, 'x')
    theirs = MODELS.build(
        dict(
            cfg.model.data_preprocessor, type='mmaction.ActionDataPreprocessor'
        )
    )
    frames = random_frames(2, 3, 4, 5, 6)
    shown = theirs(dict(inputs=[*frames], data_samples=[]))['inputs']
    assert shown.shape == frames.shape
    torch.testing.assert_close(contract.normalise(frames), shown)


def test_without_any_config_the_options_are_named(tmp_path):
    theirs = recognizer_of(config_of('slowonly_r50_8x8'))
    path = save(tmp_path, theirs)
    with pytest.raises(ValueError, match='add --config FILE') as error:
        mmaction2.convert(path)
    assert str(path) in str(error.value)
    with pytest.raises(ValueError, match="got 'c3d'"):
        mmaction2.convert(path, variant='c3d')


def test_the_config_of_a_file_is_read_and_not_run(tmp_path):
    theirs = recognizer_of(config_of('slowonly_r50_8x8'))
    path = tmp_path / 'epoch_100.pth'
    text = f"x = open({str(tmp_path / 'ran')!r}, 'w')"
    torch.save(dict(meta=dict(cfg=text), state_dict=theirs.state_dict()), path)
    with pytest.raises(ValueError, match='it is not run'):
        mmaction2.convert(path)
    assert not (tmp_path / 'ran').exists()


def test_a_config_without_colours_or_clips_is_refused(tmp_path):
    cfg = config_of('slowonly_r50_8x8')
    theirs = recognizer_of(cfg)
    old = cfg.copy()
    del old.model['data_preprocessor']
    with pytest.raises(ValueError, match=r'model\.data_preprocessor'):
        mmaction2.convert(save(tmp_path, theirs, old))
    cfg.model.type = 'Recognizer2D'
    with pytest.raises(ValueError, match='config of a Recognizer2D'):
        mmaction2.convert(save(tmp_path, theirs, cfg))


def test_another_network_of_mmaction2_does_not_fit(tmp_path):
    i3d, slow = config_of('i3d_r50'), config_of('slowonly_r50_8x8')
    path = save(tmp_path, recognizer_of(slow), i3d)
    with pytest.raises(ValueError, match=r'layer1\.0\.conv1\.conv') as error:
        filled_backbone(mmaction2.convert(path), path)
    assert str(path) in str(error.value)


def test_a_file_of_another_peer_and_no_checkpoint_are_refused(tmp_path):
    slowfast = {'s1.pathway0_stem.conv.weight': torch.zeros(1)}
    path = save(tmp_path, None, state=slowfast)
    with pytest.raises(ValueError, match='pathway0_stem') as error:
        mmaction2.convert(path, variant='i3d_r50')
    assert 'it looks like a file for from_pyslowfast.py' in str(error.value)
    path.write_bytes(b'no checkpoint')
    with pytest.raises(CheckpointError, match=r'epoch_100\.pth'):
        mmaction2.convert(path, variant='i3d_r50')
