"""Colours of a checkpoint and of the config that loads it."""

import logging

import pytest
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger

from vsslcodebase.checkpoints.contract_check import (
    check_checkpoints,
    read_meta,
    refuse_other_colours,
)
from vsslcodebase.checkpoints.input_contract import (
    InputContract,
    contract_of_config,
)
from vsslcodebase.compat import CheckpointError
from vsslcodebase.models import ClipDataPreprocessor
from vsslcodebase.models.build import build_part

OURS = dict(type='ClipDataPreprocessor', mean=[10, 20, 30], std=[4, 5, 6])
SAME = InputContract('rgb', (0.0, 255.0), (10, 20, 30), (4, 5, 6), 8, (2,))
UNIT_BGR = InputContract(
    'bgr', (0.0, 1.0), (0.4, 0.5, 0.6), (0.2, 0.25, 0.5), 8, (4,)
)


class Lines(logging.Handler):
    """What is logged."""

    def __init__(self):
        super().__init__(logging.INFO)
        self.infos, self.warnings = [], []

    def emit(self, record):
        warns = record.levelno >= logging.WARNING
        (self.warnings if warns else self.infos).append(record.getMessage())


@pytest.fixture
def lines():
    handler, logger = Lines(), MMLogger.get_current_instance()
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


@pytest.fixture
def save(tmp_path):
    def save(contract, name='weights.pth'):
        meta = dict(epoch=1)
        if contract is not None:
            meta['input_contract'] = contract.to_dict()
        torch.save(dict(meta=meta, state_dict={}), tmp_path / name)
        return str(tmp_path / name)

    return save


def config(checkpoint, preprocessor=OURS, **options):
    """A classifier whose backbone, inside another, starts from a file."""
    init = dict(type='Pretrained', checkpoint=checkpoint, prefix='backbone.')
    return Config(
        dict(
            model=dict(
                type='Recognizer3D',
                data_preprocessor=preprocessor,
                backbone=dict(
                    type='MotionResNet3d',
                    backbone=dict(type='SmallR3D', init_cfg=[init]),
                ),
            ),
            test_dataloader=dict(
                dataset=dict(
                    pipeline=[
                        dict(
                            type='SampleUniformClips',
                            clip_len=8,
                            frame_interval=2,
                        )
                    ]
                )
            ),
            **options,
        )
    )


def test_the_same_colours_pass_without_a_word(save, lines):
    cfg = config(save(SAME))
    before = cfg.to_dict()
    assert not check_checkpoints(cfg, 'test')
    refuse_other_colours(cfg)
    assert cfg.to_dict() == before
    assert lines.infos == lines.warnings == []


@pytest.mark.parametrize('check', [refuse_other_colours, check_checkpoints])
def test_other_colours_are_an_error_with_both_and_two_ways_out(
    check, save, lines
):
    cfg = config(save(UNIT_BGR))
    words = (
        r'weights\.pth was trained on BGR, mean \(102, 127.5, 153\), std '
        r'\(51, 63.75, 127.5\), but this config shows it RGB, mean '
        r'\(10, 20, 30\), std \(4, 5, 6\) \(other channel_order, mean, std\)'
        r'.*mean=\[102, 127.5, 153\], std=\[51, 63.75, 127.5\], to_bgr=True'
        r'.*--cfg-options adapt_inputs=True'
    )
    with pytest.raises(CheckpointError, match=words):
        check(cfg, *(['test'] if check is check_checkpoints else []))


@pytest.mark.parametrize(
    'preprocessor',
    [
        OURS,
        None,
        dict(
            type='mmaction.ActionDataPreprocessor',
            mean=[10, 20, 30],
            std=[4, 5, 6],
            format_shape='NCTHW',
        ),
    ],
)
def test_adapting_shows_what_the_checkpoint_was_shown(
    preprocessor, save, lines
):
    cfg = config(save(UNIT_BGR), preprocessor, adapt_inputs=True)
    if preprocessor is None:  # the default of our trunks
        cfg.model.type = 'VideoSelfSupervisor'
    refuse_other_colours(cfg)
    assert check_checkpoints(cfg, 'test')
    clip = torch.randint(0, 256, (1, 1, 3, 2, 4, 5), dtype=torch.uint8)
    built = build_part(cfg.model.data_preprocessor)
    if isinstance(built, ClipDataPreprocessor):
        shown = built(dict(inputs=clip))['inputs']
    else:  # to_rgb exchanges the first axis that it finds to be channels
        shown = built(dict(inputs=[clip[0, 0]], data_samples=None))['inputs']
        shown = shown[None]
    assert torch.allclose(shown, UNIT_BGR.normalise(clip), atol=1e-5)
    (warning,) = lines.warnings
    assert 'ADAPTED INPUTS to those of' in warning
    assert 'now BGR, mean (102, 127.5, 153)' in warning
    if preprocessor is not None:
        assert 'before RGB, mean (10, 20, 30), std (4, 5, 6)' in warning
    found = contract_of_config(cfg).colours()
    for one, other in zip(found, UNIT_BGR.colours()):
        assert one == pytest.approx(other)
    lines.infos.clear()
    assert not check_checkpoints(cfg, 'test')  # nothing is left to change


def test_adapting_takes_a_flag_back(save, lines):
    cfg = config(save(SAME), dict(OURS, to_bgr=True), adapt_inputs=True)
    assert check_checkpoints(cfg, 'test')
    assert cfg.model.data_preprocessor.to_bgr is False


def test_a_preprocessor_that_cannot_be_changed_is_told(save, lines):
    cfg = config(save(SAME), adapt_inputs=True)
    cfg.model.data_preprocessor = dict(type='ActionDataPreprocessor')
    with pytest.raises(CheckpointError, match='adapt_inputs does not know'):
        check_checkpoints(cfg, 'test')


def test_other_shapes_are_a_line(save, lines):
    other = InputContract(
        'rgb', (0.0, 255.0), (10, 20, 30), (4, 5, 6), 16, (1, 2)
    )
    assert not check_checkpoints(config(save(other)), 'test')
    (line,) = lines.infos
    assert 'num_frames 8, not 16; frame_interval (2), not (1, 2)' in line


def test_an_unknown_contract_is_a_line(save, lines):
    assert not check_checkpoints(config(save(None)), 'test')
    (line,) = lines.infos
    assert 'does not say what inputs it was trained on' in line
    assert 'RGB, mean (10, 20, 30), std (4, 5, 6)' in line


def test_unknown_colours_of_a_config_are_a_line(save, lines):
    cfg = config(save(SAME), dict(type='BaseDataPreprocessor'))
    assert not check_checkpoints(cfg, 'test')
    refuse_other_colours(cfg)
    assert 'BaseDataPreprocessor has no mean and std' in lines.infos[0]


def test_a_file_named_as_mmaction2_does_is_compared(save):
    cfg = config(None)
    cfg.model.backbone.backbone.pretrained = save(UNIT_BGR)
    with pytest.raises(CheckpointError, match='was trained on BGR'):
        check_checkpoints(cfg, 'test')
    with pytest.raises(CheckpointError, match='was trained on BGR'):
        refuse_other_colours(cfg)
    cfg.model.backbone.backbone.pretrained = 'torchvision://resnet50'
    assert not check_checkpoints(cfg, 'test')


def test_load_from_counts_instead_of_init_cfg(save, lines):
    cfg = config(save(UNIT_BGR), load_from=save(SAME, 'all.pth'))
    assert not check_checkpoints(cfg, 'test')
    cfg = config(save(SAME), load_from=save(UNIT_BGR, 'all.pth'))
    with pytest.raises(CheckpointError, match=r'all\.pth was trained on BGR'):
        check_checkpoints(cfg, 'test')


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (torch.zeros(1), 'holds a Tensor, expected a checkpoint'),
        (dict(meta=[1]), 'its meta must be a dict, got list'),
        (
            dict(meta=dict(input_contract=dict(std=0))),
            'an input contract has the keys',
        ),
        (
            dict(
                meta=dict(
                    input_contract=dict(SAME.to_dict(), std=[0.0, 1.0, 1.0])
                )
            ),
            'std of an input contract must be positive numbers',
        ),
        (dict(meta=dict(format='vsslcodebase')), 'meta has no format_version'),
    ],
)
def test_malformed_files_are_named(content, message, tmp_path, lines):
    path = tmp_path / 'odd.pth'
    torch.save(content, path)
    with pytest.raises(CheckpointError, match=rf'odd\.pth.*{message}'):
        refuse_other_colours(config(str(path)))


def test_old_files_are_read_too(tmp_path):
    path = tmp_path / 'old.pth'
    torch.save(
        dict(meta=dict(epoch=3)), path, _use_new_zipfile_serialization=False
    )
    assert read_meta(str(path)) == dict(epoch=3)
