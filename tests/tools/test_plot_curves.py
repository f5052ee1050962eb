from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import cv2
import pytest

from vsslcodebase.engine.launch import project_root


def load_tool():
    file = Path(project_root()) / 'tools' / 'analysis' / 'plot_curves.py'
    spec = importlib.util.spec_from_file_location('plot_curves', file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tool = load_tool()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    for stamp, steps in (('20260101', (1, 2, 3)), ('20260102', (3, 4))):
        folder = tmp_path / 'run' / stamp / 'vis_data'
        folder.mkdir(parents=True)
        rows = [{'step': s, 'loss': 10.0 * s + len(steps)} for s in steps]
        text = '\n'.join(json.dumps(row) for row in rows)
        (folder / 'scalars.json').write_text(text)
    return tmp_path / 'run'


def test_a_step_of_a_resumed_run_counts_once_and_the_later_wins(run):
    steps, values = tool.curve(tool.read_scalars(run), 'loss')
    assert steps == [1, 2, 3, 4]
    assert values == [13.0, 23.0, 32.0, 42.0]


def test_draws_a_picture_with_a_panel_per_key(run, tmp_path):
    tool.draw([run], ['loss'], tmp_path / 'one.png')
    tool.draw([run, run], ['loss', 'step'], tmp_path / 'two.png')
    one, two = (cv2.imread(str(tmp_path / n)) for n in ('one.png', 'two.png'))
    assert two.shape[1] == 2 * one.shape[1]
    assert one.std() > 5  # something is drawn


def test_an_unknown_key_names_those_there_are(run, tmp_path):
    with pytest.raises(ValueError, match=r"'order_acc'; there are \['loss'"):
        tool.draw([run], ['order_acc'], tmp_path / 'x.png')


def test_a_folder_without_logs_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='holds no'):
        tool.read_scalars(tmp_path)
