import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from motion_toys import (
    FRAMES,
    SIZE,
    build,
    clip_batch,
    pretrainer_config,
    recognizer_config,
)

from vsslcodebase.visualization.flow import flow_colours
from vsslcodebase.visualization.flow_sheet import flow_sheet, read_flow

TILE, BAR, GAP = 32, 22, 2


@pytest.fixture(autouse=True)
def _our_scope():
    init_default_scope('vsslcodebase')


class Steady(torch.nn.Module):
    """Says that everything moves by (u, v)."""

    def __init__(self, u, v):
        super().__init__()
        self.register_buffer('flow', torch.tensor([u, v]).view(1, 2, 1, 1))

    def forward(self, motion):
        return self.flow.expand(len(motion), 2, *motion.shape[2:]).clone()


def moving(shift=2):
    """A clip of a texture that moves right by ``shift`` pixels a frame."""
    generator = torch.Generator().manual_seed(0)
    wide = SIZE + shift * FRAMES
    texture = torch.randint(256, (3, SIZE, wide), generator=generator)
    # two equal pixels side by side: half the size keeps what moves by 2
    texture = texture[:, ::2, ::2].repeat_interleave(2, 1)
    texture = texture.repeat_interleave(2, 2).to(torch.uint8)
    frames = [
        texture[..., shift * (FRAMES - t) :][..., :SIZE] for t in range(FRAMES)
    ]
    batch = clip_batch(1)
    batch['inputs'] = [torch.stack(frames, 1)[None]]
    return batch


def steady_model(u, v, level=0):
    cfg = pretrainer_config(level)
    cfg['motion_head'].update(flow_level=level, contrast_levels=())
    model = build(cfg).eval()
    model.motion_head.flow_estimator = Steady(u, v)
    return model


def test_true_flow_explains_the_next_frame():
    # level 0 halves the size: 2 pixels of the frame are 1 of the map
    found = read_flow(steady_model(1.0, 0.0), moving())
    assert found.flow.shape == (FRAMES - 1, 2, SIZE // 2, SIZE // 2)
    assert found.frames.shape == (FRAMES, 3, SIZE, SIZE)
    assert torch.equal(found.flow[:, 0], torch.ones(7, 8, 8))
    left, plain = found.difference(True), found.difference(False)
    assert np.isnan(left[..., -1]).all()  # led out on the right
    assert np.nanmax(left) < 1e-5
    assert np.nanmean(plain) > 0.2
    wrong = read_flow(steady_model(-1.0, 0.0), moving()).difference(True)
    assert np.nanmean(wrong) > 0.2


def test_frames_are_those_of_the_clip_in_0_to_1():
    batch = moving()
    found = read_flow(steady_model(0.0, 0.0), moving())
    clip = batch['inputs'][0][0].transpose(0, 1).float() / 255
    assert torch.allclose(found.frames, clip, atol=1e-6)
    small = torch.nn.functional.avg_pool2d(clip, 2)
    assert torch.allclose(found.small, small, atol=1e-6)
    plain = (small[1:] - small[:-1]).abs().mean(1)
    assert np.allclose(found.difference(False), plain, atol=1e-6)
    assert np.allclose(found.difference(True), plain, atol=1e-6)


def test_maps_of_every_second_frame_stand_for_those():
    found = read_flow(steady_model(0.0, 0.0, level=1), moving())
    assert (found.level, found.step) == (1, 2)
    assert len(found.frames) == len(found.small) == FRAMES // 2
    clip = moving()['inputs'][0][0].transpose(0, 1).float() / 255
    assert torch.allclose(found.frames, clip[::2], atol=1e-6)


def test_a_recognizer_estimates_the_flow_of_its_head():
    model = build(recognizer_config()).eval()
    found = read_flow(model, clip_batch(1))
    clip = model.data_preprocessor(clip_batch(1))['inputs'][0]
    motion = model.backbone.forward_motion(clip)[1]
    expected = model.motion_head.estimate_flow(motion)[0].transpose(0, 1)
    assert torch.allclose(found.flow, expected, atol=1e-6)


def row(sheet, number):
    top = number * (BAR + TILE + GAP) + BAR
    return sheet[top : top + TILE, 4:]


def test_sheet_has_six_rows_and_a_legend():
    found = read_flow(steady_model(1.0, 0.0), moving())
    sheet = flow_sheet(found, 'a.mp4', tile=TILE)
    width = 7 * (TILE + GAP)
    assert sheet.shape == (6 * (BAR + TILE + GAP), width + 8 + 168, 3)
    flow = row(sheet, 2)
    assert (flow[:, :TILE] == [255, 0, 0]).all()  # right, all the same
    first = row(sheet, 0)[:, TILE + GAP :][:, : 6 * (TILE + GAP)]
    second = row(sheet, 1)[:, : 6 * (TILE + GAP)]
    # frame t + 1 of a column is frame t of the next, but for its note
    assert np.array_equal(first[20:], second[20:])
    assert not row(sheet, 4)[:, :TILE].any()  # all explained
    assert row(sheet, 5)[:, :TILE].max() > 200
    few = flow_sheet(found, 'a.mp4', tile=TILE, max_columns=3)
    assert few.shape[1] == 3 * (TILE + GAP) + 8 + 168


def test_a_common_length_makes_sheets_comparable():
    found = read_flow(steady_model(1.0, 0.0), moving())
    sheet = flow_sheet(found, 'a.mp4', longest=2.0, tile=TILE)
    expected = flow_colours(np.array([1.0, 0]).reshape(2, 1, 1), 2.0)[0, 0]
    assert (row(sheet, 2)[:, :TILE] == expected).all()


def test_a_flow_that_leads_out_of_every_frame_is_drawn():
    found = read_flow(steady_model(99.0, 0.0), moving())
    assert np.isnan(found.difference(True)).all()
    sheet = flow_sheet(found, 'a.mp4', tile=TILE)
    assert not row(sheet, 3)[:, :TILE].any()


def test_models_without_an_estimator_are_refused():
    cfg = pretrainer_config(1)
    cfg['motion_head'].update(flow_level=None)
    with pytest.raises(ValueError, match='MotionPretrainer estimates no flow'):
        read_flow(build(cfg).eval(), clip_batch(1))
    model = build(recognizer_config(motion_head=None)).eval()
    with pytest.raises(ValueError, match='MotionRecognizer estimates no flow'):
        read_flow(model, clip_batch(1))
