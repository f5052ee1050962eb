"""A trained network without what it needed to learn."""

import copy
import re
import sys

import pytest
import torch
from mmaction.models import Recognizer3D
from mmaction.registry import MODELS as THEIR_MODELS
from mmengine.hooks import Hook
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from motion_toys import ClipDataset, build, clip_batch, recognizer_config
from toy_project import load_tool

from vsslcodebase.engine.misuse import one_sentence


class Loosen(Hook):
    """Make the blocks matter: their last norms are zero at first."""

    def before_train(self, runner):
        for block in runner.model.backbone.motion_blocks.values():
            torch.nn.init.normal_(block.fuse.norm.weight)


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    """Of a joint training of two steps, with optimizer and log."""
    folder = tmp_path_factory.mktemp('joint')
    runner = Runner(
        model=recognizer_config(),
        work_dir=str(folder),
        train_dataloader=dict(
            batch_size=4,
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=True),
            dataset=ClipDataset(),
        ),
        train_cfg=dict(by_epoch=True, max_epochs=1),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.01, momentum=0.9)),
        default_scope='vsslcodebase',
        experiment_name='joint',
        randomness=dict(seed=0),
    )
    runner.register_hook(Loosen())
    runner.train()
    return folder / 'epoch_1.pth'


def drop(monkeypatch, source, target):
    command = ['drop_motion_head.py', str(source), str(target)]
    monkeypatch.setattr(sys, 'argv', command)
    with one_sentence():
        load_tool('model_converters/drop_motion_head').main()


def theirs(scope):
    """MMAction2's recognizer, with our backbone, in their scope."""
    init_default_scope(scope)
    cfg = recognizer_config(type='Recognizer3D')
    del cfg['motion_head']
    for part in ('backbone', 'cls_head', 'data_preprocessor'):
        cfg[part]['type'] = f'vsslcodebase.{cfg[part]["type"]}'
    model = THEIR_MODELS.build(cfg)
    assert type(model) is Recognizer3D
    return model.eval()


def test_scores_are_the_same_in_mmaction2s_recognizer(
    checkpoint, tmp_path, monkeypatch
):
    target = tmp_path / 'new folder' / 'out.pth'
    drop(monkeypatch, checkpoint, target)
    exported = torch.load(target, weights_only=True)
    assert [*exported] == ['state_dict']
    plain = theirs('mmaction')
    plain.load_state_dict(exported['state_dict'], strict=True)
    init_default_scope('vsslcodebase')
    joint = build(recognizer_config()).eval()
    trained = torch.load(checkpoint, weights_only=False)['state_dict']
    joint.load_state_dict(trained, strict=True)
    data = joint.data_preprocessor(clip_batch(clips=2))
    with torch.no_grad():
        expected = joint(**copy.deepcopy(data), mode='predict')
        got = plain(**data, mode='predict')
    for one, other in zip(got, expected):
        assert torch.equal(one.pred_score, other.pred_score)
    blocks = [k for k in exported['state_dict'] if 'motion_blocks' in k]
    assert blocks
    assert any(key.startswith('motion_head.predictors.2') for key in trained)
    assert not any('motion_head' in key for key in exported['state_dict'])


@pytest.mark.parametrize(
    ('state', 'message'),
    [
        ({'backbone.conv1.weight': 1.0}, 'is no checkpoint of MotionRecog'),
        ({'backbone.motion_blocks.0.x': 1.0}, r'has no motion_head\.\*'),
    ],
)
def test_other_checkpoints_are_told(
    state, message, tmp_path, monkeypatch, capsys
):
    source = tmp_path / 'other.pth'
    torch.save({k: torch.tensor(v) for k, v in state.items()}, source)
    with pytest.raises(SystemExit):
        drop(monkeypatch, source, tmp_path / 'out.pth')
    assert re.search(message, capsys.readouterr().err)
    assert not (tmp_path / 'out.pth').exists()


def test_the_source_is_not_overwritten(checkpoint, monkeypatch, capsys):
    before = checkpoint.read_bytes()
    with pytest.raises(SystemExit):
        drop(monkeypatch, checkpoint, checkpoint)
    assert 'is IN and OUT' in capsys.readouterr().err
    assert checkpoint.read_bytes() == before


def test_a_folder_is_no_target(checkpoint, tmp_path, monkeypatch, capsys):
    with pytest.raises(SystemExit):
        drop(monkeypatch, checkpoint, tmp_path)
    assert f'but {tmp_path} is a folder' in capsys.readouterr().err


def test_a_missing_file_is_told(tmp_path, monkeypatch, capsys):
    with pytest.raises(SystemExit):
        drop(monkeypatch, tmp_path / 'no.pth', tmp_path / 'out.pth')
    assert 'no.pth' in capsys.readouterr().err
