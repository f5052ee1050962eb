from __future__ import annotations

import numpy as np
import pytest
import torch
from mmaction.structures import ActionDataSample

from vsslcodebase.visualization.clip_sheet import (
    CAPTION_PX,
    GAP_PX,
    clip_captions,
    clip_sheet,
)

TILE = 40
ROW = CAPTION_PX + TILE + GAP_PX
COLUMN = TILE + GAP_PX


def grey_clip(levels: list[int], size: int = 20) -> np.ndarray:
    frames = [np.full((size, size, 3), level, np.uint8) for level in levels]
    return np.stack(frames)


def tile_centres(sheet: np.ndarray, row: int, columns: int) -> list[int]:
    y = row * ROW + CAPTION_PX + TILE // 2
    return [int(sheet[y, c * COLUMN + TILE // 2, 0]) for c in range(columns)]


def test_rows_are_clips_and_columns_are_frames():
    clips = [grey_clip([0, 50, 100]), grey_clip([200, 150, 120])]
    sheet = clip_sheet(clips, ['a', 'b'], tile=TILE)
    assert sheet.shape == (2 * ROW, 3 * COLUMN, 3)
    assert tile_centres(sheet, 0, 3) == [0, 50, 100]
    assert tile_centres(sheet, 1, 3) == [200, 150, 120]


def test_long_clip_shows_first_last_and_evenly_between():
    clip = grey_clip(list(range(0, 90, 10)))  # 9 frames
    sheet = clip_sheet([clip], ['c'], tile=TILE, max_columns=5)
    assert tile_centres(sheet, 0, 5) == [0, 20, 40, 60, 80]


def test_shorter_clip_leaves_paper_beside_it():
    sheet = clip_sheet(
        [grey_clip([9, 9]), grey_clip([9])], ['two', 'one'], tile=TILE
    )
    assert tile_centres(sheet, 1, 2) == [9, 250]


def test_caption_is_cut_to_the_width_of_the_sheet():
    clips = [grey_clip([0, 0, 0])]
    short = clip_sheet(clips, ['m' * 12], tile=TILE)
    cut = clip_sheet(clips, ['m' * 200], tile=TILE)
    assert cut.shape == short.shape
    assert (cut[:CAPTION_PX, -4:] == 250).all()  # nothing runs off the edge


def test_frame_notes_are_drawn_on_their_frame_only():
    clip = [grey_clip([0, 0])]
    plain = clip_sheet(clip, ['x'], tile=TILE)
    noted = clip_sheet(clip, ['x'], [['', '17']], tile=TILE)
    changed = (plain != noted).any(axis=(0, 2))
    assert not changed[:COLUMN].any()
    assert changed[COLUMN:].any()


def test_portrait_frames_keep_their_aspect():
    clip = np.zeros((2, 30, 15, 3), np.uint8)
    sheet = clip_sheet([clip], ['x'], tile=TILE)
    assert sheet.shape[1] == 2 * (TILE // 2 + GAP_PX)


def test_captions_must_match_clips():
    with pytest.raises(ValueError, match='1 clips and 2 captions'):
        clip_sheet([grey_clip([0])], ['a', 'b'])


def test_float_clip_is_refused():
    with pytest.raises(ValueError, match=r'uint8, got .*float32'):
        clip_sheet([np.zeros((1, 4, 4, 3), np.float32)], ['a'])


def sample(starts: list[int], **fields: torch.Tensor) -> ActionDataSample:
    start = torch.tensor(starts)
    made = ActionDataSample(metainfo=dict(filename='/data/set/x y.mp4'))
    made.set_field(start, 'clip_start')
    made.set_field(start / 10, 'clip_time')
    made.set_field(torch.ones_like(start), 'frame_interval')
    for name, value in fields.items():
        made.set_field(value, name)
    return made


def test_caption_states_order_time_and_label():
    made = sample([19, 0, 29, 9])
    made.set_gt_label(5)
    lines = clip_captions(made)
    assert lines[0] == (
        'set/x y.mp4 label 5 | clip 0: starts at frame 19 (1.90 s), '
        'interval 1 | 3rd of 4 in time'
    )
    places = [line.split(' | ')[2] for line in lines]
    assert places == [
        f'{p} of 4 in time' for p in ('3rd', '1st', '4th', '2nd')
    ]


def test_caption_says_when_two_clips_start_together():
    lines = clip_captions(sample([3, 3, 7]))
    assert [line.endswith('(tie)') for line in lines] == [True, True, False]


def test_caption_counts_crops_apart_from_clips():
    lines = clip_captions(sample([3, 3, 3, 7, 7, 7]), crops=3)
    assert 'clip 0, crop 3 of 3: starts at frame 3' in lines[2]
    assert lines[2].endswith('1st of 2 in time')
    assert 'clip 1, crop 1 of 3: starts at frame 7' in lines[3]
    assert lines[3].endswith('2nd of 2 in time')


def test_caption_states_pace_and_omits_a_missing_label():
    line = clip_captions(sample([0], pace_label=torch.tensor([2])))[0]
    assert line.endswith('pace label 2')
    assert ' label 5' not in line


def test_caption_leaves_out_an_unknown_time():
    made = sample([7])
    made.pop('clip_time')
    assert 'starts at frame 7, interval 1' in clip_captions(made)[0]
