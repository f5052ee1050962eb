"""A checkpoint says which network it is of, and nothing of it is run."""

import pytest
import torch
from config_files import ROOT
from mmengine.config import Config

from vsslcodebase.checkpoints.input_contract import InputContract
from vsslcodebase.checkpoints.published import published_meta, write_published
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.engine.probed_network import (
    build_plain,
    clip_settings,
    network_of_checkpoint,
    pooled_reader,
    short_names,
    untrained_network,
    weights_digest,
)

BACKBONE = dict(type='SmallR3D', widths=(4, 6), temporal_strides=(1, 2))
CONFIG = """
model = dict(
    backbone=dict(init_cfg=dict(type='Pretrained', checkpoint='gone.pth'),
        type='SmallR3D', widths=(4, 6), temporal_strides=(1, 2)),
    data_preprocessor=dict(type='ClipDataPreprocessor', mean=[1, 2, 3],
        std=[4, 5, 6]),
    type='VideoSelfSupervisor')
"""


@pytest.fixture
def backbone():
    torch.manual_seed(3)
    return build_plain(BACKBONE)


def training_checkpoint(folder, backbone, text=CONFIG):
    """Write what a training writes."""
    state = {f'backbone.{k}': v for k, v in backbone.state_dict().items()}
    state['head.weight'] = torch.ones(1)
    path = folder / 'epoch_1.pth'
    torch.save(dict(meta=dict(cfg=text), state_dict=state), path)
    return str(path)


def test_a_training_says_its_network_and_its_colours(tmp_path, backbone):
    found = network_of_checkpoint(training_checkpoint(tmp_path, backbone))
    assert weights_digest(found._replace(backbone=backbone)) == (
        weights_digest(found)
    )
    assert found.contract.mean == (1, 2, 3)
    assert not found.backbone.training
    clips = torch.randint(256, (2, 3, 4, 16, 16), dtype=torch.uint8)
    colours = torch.tensor([[1.0, 2, 3], [4, 5, 6]]).view(2, 1, 3, 1, 1, 1)
    shown = (clips - colours[0]) / colours[1]
    with torch.no_grad():
        expected = backbone(shown).mean((2, 3, 4))
    read = pooled_reader(found, 'cpu', 16)(clips)
    assert torch.allclose(read, expected, atol=1e-5)


def test_a_published_file_says_more(tmp_path, backbone):
    contract = InputContract('bgr', (0.0, 1.0), (0.1,) * 3, (0.2,) * 3, 8)
    meta = published_meta(
        kind='backbone',
        name='toy',
        method='toy',
        backbone=BACKBONE,
        contract=contract,
        source='trained',
    )
    path = write_published(tmp_path, 'toy', backbone.state_dict(), meta)
    found = network_of_checkpoint(str(path))
    assert found.contract == contract
    assert 'published' in found.source


def test_clips_are_scaled_to_the_size(tmp_path, backbone):
    found = untrained_network(None)
    clips = torch.full((1, 3, 8, 32, 32), 100, dtype=torch.uint8)
    larger = clips[..., :1, :1].expand(-1, -1, -1, 64, 64)
    read = pooled_reader(found, 'cpu', 64)
    assert torch.allclose(read(clips), read(larger), atol=1e-5)


def test_untrained_weights_are_those_of_the_seed(tmp_path, backbone):
    like = network_of_checkpoint(training_checkpoint(tmp_path, backbone))
    drawn = [untrained_network(like, seed) for seed in (0, 0, 1)]
    one, same, other = map(weights_digest, drawn)
    assert one == same != other
    assert drawn[0].config == like.config
    assert drawn[0].contract == like.contract


def test_a_digest_is_of_names_and_numbers(backbone):
    network = untrained_network(None)._replace(backbone=backbone)
    before = weights_digest(network)
    with torch.no_grad():
        backbone.stages[0][0].bn.bias[0] += 1e-6
    assert weights_digest(network) != before


@pytest.mark.parametrize(
    ('text', 'error', 'message'),
    [
        ('import os', ValueError, 'more than values'),
        ("model = dict(backbone=open('x'))", ValueError, 'more than values'),
        (
            CONFIG.replace("'SmallR3D'", "'os.system'"),
            ValueError,
            "no registered type 'os.system'",
        ),
        ('model = dict()', UsageError, r'no model\.backbone; name a config'),
        (None, UsageError, 'does not say which network it is of'),
        (
            CONFIG.replace('(4, 6)', '(4, 8)'),
            ValueError,
            r'does not fit SmallR3D',
        ),
    ],
)
def test_what_cannot_be_trusted_or_known_is_refused(
    tmp_path, backbone, text, error, message
):
    path = training_checkpoint(tmp_path, backbone, text)
    with pytest.raises(error, match=message):
        network_of_checkpoint(path)


def test_a_missing_file_is_named():
    with pytest.raises(UsageError, match=r'no checkpoint nowhere\.pth'):
        network_of_checkpoint('nowhere.pth')


def test_names_are_as_long_as_needed():
    assert short_names(['runs/a/epoch_1.pth']) == ['a/epoch_1']
    assert short_names(['untrained', 'x.pth']) == ['untrained', 'x']
    assert short_names(['a/run/e.pth', 'b/run/e.pth']) == [
        'a/run/e',
        'b/run/e',
    ]


def test_published_files_are_called_by_their_names():
    published = 'zoo/pace_r3d10-backbone_20260101-0123abcd.pth'
    assert short_names([published, 'runs/pace/e.pth', 'untrained']) == [
        'pace_r3d10',
        'pace/e',
        'untrained',
    ]
    other = 'zoo/pace_r3d10-backbone_20260102-89abcdef.pth'
    assert short_names([published, other]) == [
        'zoo/pace_r3d10-backbone_20260101-0123abcd',
        'zoo/pace_r3d10-backbone_20260102-89abcdef',
    ]


def test_clips_are_those_of_the_config():
    cfg = Config.fromfile(ROOT / 'configs/mini/linear_smallr3d_motion-mini.py')
    assert clip_settings(cfg) == dict(
        clip_len=8, frame_interval=2, num_clips=4, size=32
    )
