from __future__ import annotations

import sys

import cv2
import pytest
from config_files import CONFIGS, load, tool

from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.visualization.clip_sheet import CAPTION_PX, GAP_PX

CORP_M = CONFIGS / 'corp' / 'corp_m_r3d50_ssv2.py'
LINEAR = CONFIGS / 'eval' / 'linear' / 'linear_r3d50_ssv2.py'


@pytest.fixture
def browse(monkeypatch, tmp_path):
    """Run the tool on made videos; return the sheet."""

    def run(path, split: str, *words: str, options: str = ''):
        dataset = load(path)[f'{split}_dataloader'].dataset
        tool('dry_run').use_made_videos(dataset, tmp_path, 3)
        key = f'{split}_dataloader.dataset'
        out = tmp_path / 'new' / 'sheet.png'
        command = ['browse_clips.py', str(path), '-o', str(out), *words]
        command += ['--loader', split, '--cfg-options']
        command += [
            f'{key}.ann_file={dataset.ann_file}',
            f'{key}.data_prefix.video={dataset.data_prefix.video}',
            *options.split(),
        ]
        monkeypatch.setattr(sys, 'argv', command)
        tool('browse_clips').main()
        return cv2.imread(str(out))

    return run


def test_sheet_has_a_row_per_clip_in_whole_videos(browse):
    sheet = browse(CORP_M, 'train', '-n', '5', '--tile', '32')
    height, width, _ = sheet.shape
    assert height == 8 * (CAPTION_PX + 32 + GAP_PX)  # 2 videos of 4 clips
    assert width == 16 * (32 + GAP_PX)


def test_epochs_draw_differently_and_repeat_themselves(browse):
    words = ('-n', '4', '--tile', '32', '--epoch')
    first = browse(CORP_M, 'train', *words, '0')
    assert (first == browse(CORP_M, 'train', *words, '0')).all()
    assert (first != browse(CORP_M, 'train', *words, '1')).any()


def test_colours_that_the_data_preprocessor_makes_are_shown(browse):
    words = (CORP_M, 'train', '-n', '4', '--tile', '32')
    sheet = browse(*words).astype(int)
    place = 'train_dataloader.dataset.pipeline.3.apply_colour=preprocessor'
    assert abs(sheet - browse(*words, options=place)).max() <= 1


def test_three_crops_of_a_clip_carry_its_frame_numbers(browse):
    sheet = browse(LINEAR, 'test', '-n', '1', '--tile', '32')
    row = CAPTION_PX + 32 + GAP_PX
    assert len(sheet) == 30 * row  # 10 clips x 3 crops
    # the box with the first frame's number, which is 0
    boxes = [sheet[i * row + CAPTION_PX :][:12, :8] for i in range(3)]
    assert (boxes[0] == boxes[1]).all()
    assert (boxes[1] == boxes[2]).all()


def test_asking_beyond_the_list_is_an_error(browse):
    with pytest.raises(ValueError, match='the list has 3'):
        browse(CORP_M, 'train', '--first', '7')


@pytest.mark.parametrize(
    ('words', 'message'),
    [(['-o', 'sheet.foo'], 'is an image'), (['-n', '1', '-o', '/'], 'image')],
)
def test_an_image_that_cannot_be_written_is_an_error(browse, words, message):
    with pytest.raises(UsageError, match=message):
        browse(CORP_M, 'train', *words)


@pytest.mark.parametrize(
    ('part', 'message'),
    [
        ('datasets/ssv2.py', 'has no model; it is a part of others'),
        ('backbones/r3d50.py', 'has no train_dataloader, model; it is a part'),
    ],
)
def test_a_part_of_configs_has_no_clips(monkeypatch, part, message):
    path = str(CONFIGS / '_base_' / part)
    monkeypatch.setattr(sys, 'argv', ['browse_clips.py', path])
    with pytest.raises(UsageError, match=message):
        tool('browse_clips').main()


@pytest.mark.parametrize('option', ['-n', '--tile', '--columns'])
def test_there_is_no_sheet_of_nothing(browse, capsys, option):
    with pytest.raises(SystemExit):
        browse(CORP_M, 'train', option, '0')
    assert "expected 1 or more, got '0'" in capsys.readouterr().err
