"""From a recognizer and videos to a sheet or a film."""

from __future__ import annotations

import av
import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from vsslcodebase.registry import MODELS

MODEL = dict(
    type='mmaction.Recognizer3D',
    backbone=dict(type='SmallR3D', widths=(4, 6), temporal_strides=(1, 2)),
    cls_head=dict(
        type='LinearClsHead', num_classes=3, in_channels=6, topk=(1,)
    ),
    data_preprocessor=dict(type='ClipDataPreprocessor'),
)
CONFIG = """
_base_ = ['{folder}/retrieve.py']
model = {model}
model['_delete_'] = True
"""
MMACTION2 = """
default_scope = 'mmaction'
model = dict(
    type='Recognizer3D',
    backbone=dict(
        type='ResNet3d', depth=18, base_channels=4, norm_eval=False,
        conv1_stride_t=1, pool1_stride_t=1, with_pool2=False),
    cls_head=dict(type='I3DHead', num_classes=5, in_channels=32),
    data_preprocessor=dict(
        type='ActionDataPreprocessor', mean=[128, 128, 128],
        std=[58, 58, 58], format_shape='NCTHW'))
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='VideoDataset',
        ann_file='',
        pipeline=[
            dict(type='PyAVInit'),
            dict(type='SampleFrames', clip_len=4, num_clips=10),
            dict(type='PyAVDecode'),
            dict(type='Resize', scale=(32, 32), keep_ratio=False),
            dict(type='FormatShape', input_format='NCTHW'),
            dict(type='PackActionInputs')]))
"""


@pytest.fixture
def draw(call, folder, tmp_path):
    """Run the tool on two videos (on one for a film); return the output."""
    config, checkpoint = tmp_path / 'sup.py', tmp_path / 'sup.pth'
    config.write_text(CONFIG.format(folder=folder, model=MODEL))
    torch.manual_seed(0)
    model = MODELS.build(MODEL)
    torch.nn.init.normal_(model.cls_head.fc_cls.weight)
    torch.save(model.state_dict(), checkpoint)

    def run(name, *words, given=checkpoint):
        videos = [folder / 'test_5.mp4', folder / 'test_6.mp4']
        videos = videos[:1] if name.endswith('mp4') else videos
        out = tmp_path / 'new' / name
        call(
            'visualization/grad_cam',
            *(config, given, *videos),
            *('--out', out, '--tile', 32, *words),
        )
        return out

    return run


def test_sheet_has_a_row_per_video_that_depends_on_the_class(draw, capsys):
    sheets = [
        cv2.imread(str(draw('a.png', '--target-class', target)))
        for target in range(3)
    ]
    assert sheets[0].shape == (2 * (22 + 32 + 2), 4 * 34, 3)
    frames = [sheet[22 : 22 + 32] for sheet in sheets]
    assert not np.array_equal(frames[0], frames[1])
    said = capsys.readouterr().out
    assert said.count('test_5.mp4: class') == 3
    assert said.count('test_5.mp4: class 1 (') == 1
    lines = [line for line in said.splitlines() if line.startswith('test_5')]
    assert sum('as predicted' in line for line in lines) == 1
    assert sum('%), predicted ' in line for line in lines) == 2


def test_without_colour_the_frames_are_those_of_the_clip(draw):
    plain = cv2.imread(str(draw('a.png', '--strength', 0)))
    for words in (['--target-class', 0], ['--layer', 'stages.0']):
        other = cv2.imread(str(draw('b.png', '--strength', 0, *words)))
        assert np.array_equal(other[22:54], plain[22:54])
        coloured = cv2.imread(str(draw('c.png', *words)))
        assert not np.array_equal(coloured[22:54], plain[22:54])


def test_configs_of_mmaction2_are_read(call, folder, tmp_path, capsys):
    config, checkpoint = tmp_path / 'i3d.py', tmp_path / 'i3d.pth'
    config.write_text(MMACTION2)
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmaction'):
        model = MODELS.build(Config.fromfile(config).model)
    torch.save(dict(state_dict=model.state_dict()), checkpoint)
    out = tmp_path / 'a.png'
    words = (config, checkpoint, folder / 'test_5.mp4', '--target-class', 4)
    call('visualization/grad_cam', *words, '--out', out, '--tile', 32)
    assert cv2.imread(str(out)).shape == (22 + 32 + 2, 4 * 34, 3)
    assert 'test_5.mp4: class 4 (' in capsys.readouterr().out


def test_film_shows_every_frame(draw):
    with av.open(str(draw('a.mp4'))) as film:
        frames = [f.to_ndarray(format='rgb24') for f in film.decode(video=0)]
    assert np.stack(frames).shape == (4, 32, 32, 3)


@pytest.mark.parametrize(
    ('name', 'words', 'message'),
    [
        ('a.foo', [], 'an image or an .mp4'),
        ('a.png', ['--target-class', 3], 'classes are 0 to 2, got 3'),
        ('a.png', ['--layer', 'conv7'], 'has no layer'),
    ],
)
def test_errors_are_told(draw, name, words, message):
    with pytest.raises(ValueError, match=message):
        draw(name, *words)


def test_a_checkpoint_of_another_model_is_refused(draw, folder):
    with pytest.raises(ValueError, match='does not fit Recognizer3D'):
        draw('a.png', given=folder / 'method.pth')
