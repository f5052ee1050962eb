import numpy as np
import pytest
import torch
from mmengine.model import BaseDataPreprocessor
from torch import nn

from vsslcodebase.evaluation.layers import LayerReader
from vsslcodebase.visualization.attention import (
    attention_map,
    clip_attention,
    overlay,
    scaled,
)


def test_squares_are_summed_over_channels():
    maps = torch.tensor([[3.0, -4.0], [0.0, 2.0]])[:, :, None, None, None]
    found = attention_map(maps, (2, 2, 2))
    assert found.shape == (2, 2, 2, 2)
    assert found[0].unique().tolist() == [25.0]
    assert found[1].unique().tolist() == [4.0]


def test_cells_are_enlarged_in_time_and_space_about_their_centres():
    maps = torch.tensor([1.0, 3.0]).view(1, 1, 2, 1, 1)
    found = attention_map(maps, (4, 1, 1))[0, :, 0, 0]
    # squares 1 and 9 lie at frames 0.5 and 2.5
    assert found.tolist() == [1.0, 3.0, 7.0, 9.0]
    along_x = attention_map(maps.movedim(2, 4), (1, 1, 4))[0, 0, 0]
    assert along_x.tolist() == found.tolist()


def test_half_precision_does_not_overflow():
    maps = torch.full((1, 2, 1, 1, 1), 300.0, dtype=torch.float16)
    assert attention_map(maps, (1, 1, 1)).item() == 180_000


def test_a_layer_without_a_map_is_refused():
    with pytest.raises(ValueError, match=r'map \(N, C, t, h, w\), got \(2, 3'):
        attention_map(torch.ones(2, 3), (1, 1, 1))


class Bright(nn.Module):
    """A network whose map is the frame, halved in size."""

    def __init__(self):
        super().__init__()
        self.conv5 = nn.AvgPool3d((1, 2, 2))

    def forward(self, x):
        return self.conv5(x).relu() + 7


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.data_preprocessor = BaseDataPreprocessor()
        self.backbone = Bright()


@pytest.mark.parametrize('layer', [None, 'conv5'])
def test_a_known_map_is_found_where_it_is(layer):
    clip = torch.zeros(1, 1, 3, 2, 6, 6)
    clip[..., 1, 2:4, 4:6] = 5.0
    model = Model().eval()
    found = clip_attention(
        model, dict(inputs=clip), LayerReader(model.backbone, layer)
    )
    base = 0.0 if layer else 7.0
    assert found.shape == (1, 2, 6, 6)
    assert found[0, 0] == pytest.approx(3 * base**2)
    # cell (1, 2) of 3 x 3, the edge one: its full value from x = 4.5 on
    assert found[0, 1].max() == found[0, 1, 2:4, 5].max()
    assert found[0, 1, 0, 0] == pytest.approx(3 * base**2)
    peak, ring = 3 * (base + 5) ** 2, 3 * base**2
    # y = 2 lies a quarter of a cell above the centre of the bright cell
    expected = 0.75 * peak + 0.25 * ring
    assert found[0, 1, 2, 5] == pytest.approx(expected)


def test_scaling_reaches_zero_and_one():
    values = scaled(np.array([[2.0, 4.0, 3.0]]))
    assert values.tolist() == [[0, 1, 0.5]]
    assert not scaled(np.full((2, 2), 8.0)).any()


def test_overlay_colours_frames_where_attention_is():
    frames = np.full((1, 1, 3, 3), 200, np.uint8)
    attention = np.array([[[0.0, 0.2, 1.0]]], np.float32)
    plain, dark_red = [200] * 3, [128, 0, 0]
    full = overlay(frames, attention, 1)[0, 0].tolist()
    # colour 51 of 256 is (0, 76, 255), of which there is a fifth
    assert full == [plain, [160, 175, 211], dark_red]
    assert overlay(frames, attention, 0)[0, 0].tolist() == [plain] * 3
    half = overlay(frames, attention, 0.5)[0, 0].tolist()
    assert half[::2] == [plain, [164, 100, 100]]


@pytest.mark.parametrize(
    ('shape', 'strength'), [((1, 2, 3), 0.5), ((1, 2, 2), 1.5)]
)
def test_what_does_not_fit_is_refused(shape, strength):
    frames = np.zeros((1, 2, 2, 3), np.uint8)
    with pytest.raises(ValueError, match='overlay needs frames'):
        overlay(frames, np.zeros(shape, np.float32), strength)
