from __future__ import annotations

import json

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from toy_ltn import NAVIGATION, PROJECTOR, write_ltn
from toy_project import load_tool

from vsslcodebase.engine.embedding_model import (
    embedding_model,
    neck_maps,
    read_timed_clips,
)
from vsslcodebase.engine.feature_model import feature_config, split_loader
from vsslcodebase.evaluation.time_use import clip_contrast

TOOL = 'analysis/time_use'
CLIPS = ('--folds', 3, '--shuffles', 3, '--num-clips', 3)


@pytest.fixture(scope='module')
def ltn(folder):
    return write_ltn(folder, NAVIGATION)


@pytest.fixture(scope='module')
def base(folder):
    return write_ltn(folder, PROJECTOR, 'base')


@pytest.fixture
def answers(call, tmp_path):
    """Run the tool and read what it wrote."""

    def run(paths, *words):
        out = tmp_path / 'new' / 'answers.json'
        call(TOOL, *paths, *CLIPS, '--out', out, *words)
        return json.loads(out.read_text())

    return run


def test_answers_about_a_network_with_ltn(answers, ltn, capsys):
    found = answers(ltn)
    assert found['neck'] == 'TimeNavigationNeck'
    assert (found['videos'], found['clips'], found['dimensions']) == (3, 3, 24)
    contrast, span = found['contrast'], found['span']
    assert contrast['temperature'] == pytest.approx(0.2)
    assert contrast['shuffled_std'] > 1e-5  # times matter to this network
    assert 0 < span['share'] < 1
    assert span['chance'] == pytest.approx(4 / 24)
    assert span['basis'] == 'its own'
    said = capsys.readouterr().out
    assert f'loss, own times {contrast["loss"]:>38.4f}'.split() == (
        said.splitlines()[-6].split()
    )
    assert 'within-video variance in 4 random directions of 24' in said


def test_clips_and_loss_are_those_of_the_model_itself(answers, ltn):
    found = answers(ltn)
    cfg = feature_config(*map(str, ltn))
    loader = load_tool(TOOL).independent_clips(split_loader(cfg, 'val'), 3)
    loader = Runner.build_dataloader(loader)
    model = embedding_model(cfg)
    clips = read_timed_clips(model, loader)
    assert clips.times.shape == (3, 3, 1)
    assert torch.equal(clips.times[..., 0], clips.starts)
    assert len(clips.starts.unique()) == 9  # real-valued, independent
    direct = []
    for batch in loader:
        data = model.data_preprocessor(batch)
        with torch.no_grad():
            samples = model(**data, mode='predict')
        direct += [sample.embedding for sample in samples]
    maps = neck_maps(model.neck, clips.features.flatten(0, 1))
    with torch.no_grad():
        again = model.neck(maps, times=clips.times.flatten(0, 1))[0]
    torch.testing.assert_close(again, torch.cat(direct))
    loss = clip_contrast(torch.stack(direct), 0.2)
    assert found['contrast']['loss'] == pytest.approx(float(loss), abs=1e-5)


def test_a_network_without_times_does_not_change_at_all(answers, base, ltn):
    found = answers(base)
    contrast, span = found['contrast'], found['span']
    assert contrast['shuffled_mean'] == pytest.approx(
        contrast['loss'], abs=1e-15
    )
    assert contrast['shuffled_std'] == pytest.approx(0, abs=1e-15)
    assert span['share'] is span['directions'] is None
    assert span['random_directions'] == 24  # no more than there are
    assert span['random_mean'] == pytest.approx(1)
    given = answers(base, '--basis', ltn[1], '--num-directions', 2)['span']
    assert given['directions'] == 4
    assert 0 < given['share'] < 1
    assert given['random_directions'] == 2


def test_each_config_has_its_own_sampler_where_it_is_independent(folder):
    cfg = Config.fromfile(str(folder / 'retrieve.py'))
    cfg.test_dataloader.dataset.pipeline[1] = dict(
        type='SampleIndependentClips', clip_len=4, target_fps=7, num_clips=1
    )
    loader = load_tool(TOOL).independent_clips(split_loader(cfg, 'test'), 5)
    assert loader['dataset']['pipeline'][1] == dict(
        type='SampleIndependentClips', clip_len=4, target_fps=7, num_clips=5
    )


def test_tells_errors(call, folder, base, tmp_path):
    retrieve = (folder / 'retrieve.py', folder / 'method.pth')
    with pytest.raises(ValueError, match='FeatureTrunk has no neck'):
        call(TOOL, *retrieve, '--split', 'test')
    with pytest.raises(ValueError, match=r'no directions \(neck\.basis\)'):
        call(TOOL, *base, '--basis', base[1])
    with pytest.raises(ValueError, match=r"prefix 'neck\.'"):
        call(TOOL, base[0], folder / 'method.pth')
    with pytest.raises(ValueError, match='num_folds must be 3 to 3'):
        call(TOOL, *base)
