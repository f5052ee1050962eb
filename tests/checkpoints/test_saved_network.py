"""Networks are opened from whichever file they are in."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from saved_toys import (
    SMALL,
    contract_of,
    publish,
    save_training,
    unsettled,
)

from vsslcodebase.checkpoints.input_contract import InputContract
from vsslcodebase.checkpoints.saved_network import (
    build_head,
    build_network,
    open_saved,
)
from vsslcodebase.compat import CheckpointError
from vsslcodebase.registry import MODELS

METHOD = dict(
    type='VideoSelfSupervisor',
    data_preprocessor=dict(
        type='ClipDataPreprocessor', mean=[1, 2, 3], std=[4, 5, 6]
    ),
    backbone=dict(SMALL, frozen=True, init_cfg=None),
    neck=dict(type='ProjectionNeck', in_channels=6, hidden_channels=8),
    head=dict(type='ContrastiveHead'),
)
RECOGNIZER = dict(
    type='Recognizer3D',
    data_preprocessor=dict(type='ClipDataPreprocessor'),
    backbone=SMALL,
    cls_head=dict(type='LinearClsHead', num_classes=3, in_channels=6),
)


def pipeline(clip_len, size):
    return [
        dict(type='SampleUniformClips', clip_len=clip_len, frame_interval=3),
        dict(type='CenterCrop', crop_size=size),
    ]


def loader(clip_len, size):
    return dict(dataset=dict(pipeline=pipeline(clip_len, size)))


def config(model, **loaders):
    return Config(dict(model=model, **loaders))


@pytest.fixture(autouse=True)
def _our_scope():
    init_default_scope('vsslcodebase')


@pytest.fixture
def trained():
    return unsettled(MODELS.build(METHOD))


CLIPS = torch.randn(
    2, 3, 4, 16, 16, generator=torch.Generator().manual_seed(0)
)


def test_a_published_backbone(tmp_path):
    path, network = publish(tmp_path, 'smallr3d')
    saved = open_saved(path)
    assert saved.contract == contract_of(4, 16)
    assert saved.head is None
    assert build_head(saved) is None
    assert saved.name == 'smallr3d'
    with torch.no_grad():
        assert torch.equal(build_network(saved)(CLIPS), network(CLIPS))


def test_a_training_says_itself_what_it_is(tmp_path, trained):
    text = config(METHOD, train_dataloader=loader(4, 16)).pretty_text
    saved = open_saved(save_training(tmp_path, trained, text, 'moco_small'))
    assert saved.name == 'moco_small'
    assert saved.backbone == SMALL
    assert {key.split('.')[0] for key in saved.state} == {'backbone'}
    assert saved.contract == InputContract(
        'rgb', (0.0, 255.0), (1.0, 2.0, 3.0), (4.0, 5.0, 6.0), 4, (3,), 16, 16
    )
    network = build_network(saved)
    assert not network.training
    with torch.no_grad():
        expected = trained.backbone.eval()(CLIPS)
        assert torch.equal(network(CLIPS), expected)


def test_a_classifier_is_read_as_its_test_shows_clips(tmp_path):
    model = unsettled(MODELS.build(RECOGNIZER))
    cfg = config(
        RECOGNIZER,
        train_dataloader=loader(4, 16),
        test_dataloader=loader(8, 32),
    )
    path = save_training(tmp_path, model, cfg.pretty_text)
    saved = open_saved(path)
    assert (saved.contract.num_frames, saved.contract.height) == (8, 32)
    assert {key.split('.')[0] for key in saved.state} == {
        'backbone',
        'cls_head',
    }
    with torch.no_grad():
        scores = build_head(saved)(build_network(saved)(CLIPS))
        expected = model.cls_head(model.backbone(CLIPS))
    assert torch.equal(scores, expected)


def test_a_bare_state_needs_its_config(tmp_path, trained):
    path = tmp_path / 'bare.pth'
    torch.save(trained.state_dict(), path)
    with pytest.raises(CheckpointError, match='Name the config'):
        open_saved(path)
    saved = open_saved(path, config(METHOD))
    assert saved.backbone == SMALL
    assert saved.contract.num_frames is None


@pytest.mark.parametrize(
    ('model', 'message'),
    [
        (dict(METHOD, backbone=dict(type='os.system')), 'no registered type'),
        (dict(METHOD, backbone=dict(SMALL, checkpoint='x')), 'would load'),
        (dict(METHOD, backbone=None), 'describes no network|no registered'),
        (dict(type='VideoSelfSupervisor'), 'describes no network'),
        (dict(METHOD, backbone=dict(SMALL, widths=(4, 7))), 'does not fit'),
        (dict(METHOD, backbone=dict(SMALL, width=4)), 'does not fit'),
    ],
)
def test_a_config_that_does_not_fit_is_told(model, message, tmp_path, trained):
    path = save_training(tmp_path, trained, config(model).pretty_text)
    with pytest.raises(CheckpointError, match=message) as error:
        build_network(open_saved(path))
    assert str(path) in str(error.value)


def test_files_of_others_are_told(tmp_path):
    path = tmp_path / 'list.pth'
    torch.save([1], path)
    with pytest.raises(CheckpointError, match='holds a list'):
        open_saved(path)
    torch.save({'encoder.weight': torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match=r'encoder\. \(1\)'):
        open_saved(path, config(METHOD))


def test_a_name_is_a_word(tmp_path, trained):
    text = config(METHOD).pretty_text
    path = save_training(tmp_path, trained, text)
    content = torch.load(path, weights_only=True)
    content['meta']['experiment_name'] = '"""\nimport os'
    torch.save(content, path)
    assert open_saved(path).name == '____import_os'
