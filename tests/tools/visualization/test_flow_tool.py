"""From a stage of the hierarchy and a video to a sheet of its flow."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from motion_toys import build, pretrainer_config

CONFIG = """
_base_ = ['{folder}/retrieve.py']
model = {model}
model['_delete_'] = True
"""


@pytest.fixture
def draw(call, folder, tmp_path):
    config, checkpoint = tmp_path / 'stage.py', tmp_path / 'stage.pth'
    cfg = pretrainer_config(0)
    config.write_text(CONFIG.format(folder=folder, model=cfg))
    model = build(cfg)
    torch.nn.init.normal_(model.motion_head.flow_estimator.predict_flow.weight)
    torch.save(dict(state_dict=model.state_dict()), checkpoint)

    def run(name='a.png', *words, given=(config, checkpoint)):
        out = tmp_path / 'new' / name
        options = ('--out', out, '--tile', 32)
        video = folder / 'test_6.mp4'
        call('visualization/flow', *given, video, *options, *words)
        return out

    return run


def test_sheet_has_a_column_per_pair_and_a_legend(draw, capsys):
    image = cv2.imread(str(draw()))
    assert image.shape == (6 * (22 + 32 + 2), 3 * 34 + 8 + 168, 3)
    assert '3 pairs of frames on' in capsys.readouterr().out
    few = cv2.imread(str(draw('b.png', '--columns', 2)))
    assert few.shape[1] == 2 * 34 + 8 + 168


def test_frames_and_colours_follow_the_options(draw):
    first = cv2.imread(str(draw()))
    apart = cv2.imread(str(draw('b.png', '--frame-interval', 2)))
    assert not np.array_equal(first[22:54], apart[22:54])
    pale = cv2.imread(str(draw('c.png', '--longest', 1e6)))
    flow = slice(2 * 56 + 22, 2 * 56 + 54), slice(4, 36)
    assert pale[flow].min() > 250 > first[flow].min()


def test_errors_are_told(draw, folder):
    with pytest.raises(ValueError, match=r'an image, .*, got .*a\.foo'):
        draw('a.foo')
    plain = folder / 'retrieve.py', folder / 'method.pth'
    with pytest.raises(ValueError, match='does not fit FeatureTrunk'):
        draw(given=plain)
