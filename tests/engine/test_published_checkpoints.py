"""Published files, in the functions that the tools are made of."""

import pytest
import torch
from trunk_toys import build_trunk, trunk_config

from vsslcodebase.checkpoints.input_contract import InputContract
from vsslcodebase.checkpoints.published import published_meta, write_published
from vsslcodebase.checkpoints.publishing import published_states
from vsslcodebase.compat import CheckpointError
from vsslcodebase.engine import launch
from vsslcodebase.engine.feature_model import (
    feature_config,
    feature_model,
    whole_model,
)
from vsslcodebase.engine.hooks import InputContractHook

UNIT = InputContract('rgb', (0.0, 1.0), (0.0,) * 3, (1.0,) * 3, 4, (2,), 8, 8)


@pytest.fixture
def trained(tmp_path):
    """A MoCo, and the files that were published of it."""
    torch.manual_seed(3)
    model = build_trunk('MoCo')
    states = published_states(model)
    meta = published_meta(
        kind='model',
        name='toy',
        method='moco',
        backbone=trunk_config('MoCo')['backbone'],
        contract=UNIT,
        source='trained',
    )
    whole = write_published(tmp_path, 'toy', states[0], meta)
    meta['kind'] = 'backbone'
    alone = write_published(tmp_path, 'toy-backbone', states[1], meta)
    return model, str(whole), str(alone)


@pytest.fixture
def moco_config(tmp_path):
    path = tmp_path / 'moco.py'
    path.write_text(
        'adapt_inputs = False\nresume = False\n'
        f'model = {dict(trunk_config("MoCo"), data_preprocessor=None)!r}\n'
        "test_dataloader = dict(dataset=dict(type='VideoListDataset'))\n"
    )
    return str(path)


@pytest.mark.parametrize('which', [1, 2])
def test_features_are_read_in_its_own_colours_or_not_at_all(
    which, trained, moco_config
):
    with pytest.raises(CheckpointError, match='adapt_inputs=True'):
        feature_config(moco_config, trained[which])
    cfg = feature_config(moco_config, trained[which], dict(adapt_inputs=True))
    model = feature_model(cfg)
    assert model.data_preprocessor.std.flatten().tolist() == [255] * 3
    expected = trained[0].backbone.state_dict()
    for key, value in model.backbone.state_dict().items():
        assert torch.equal(value, expected[key])


def test_a_config_that_resumes_is_compared_all_the_same(trained, moco_config):
    with pytest.raises(CheckpointError, match='adapt_inputs=True'):
        feature_config(moco_config, trained[2], dict(resume=True))


def test_a_whole_model_needs_no_queue_to_predict(trained, moco_config):
    options = dict(adapt_inputs=True)
    model = whole_model(feature_config(moco_config, trained[1], options))
    expected = trained[0].neck.state_dict()
    for key, value in model.neck.state_dict().items():
        assert torch.equal(value, expected[key])
    cfg = feature_config(moco_config, trained[2], options)
    with pytest.raises(ValueError, match=r'does not fit MoCo'):
        whole_model(cfg)


def test_other_colours_are_refused_before_anything_is_built(
    trained, train_cfg, monkeypatch
):
    monkeypatch.setattr(launch, 'check_all', lambda cfg, stages: None)
    key = 'model.backbone.init_cfg.checkpoint'
    cfg = train_cfg('--cfg-options', f'{key}={trained[2]}')

    def build(cfg):
        raise AssertionError('built')

    monkeypatch.setattr(launch.Runner, 'from_cfg', build)
    with pytest.raises(CheckpointError, match='was trained on RGB'):
        launch._build(cfg, ('train',), None)
    cfg.adapt_inputs = True
    with pytest.raises(AssertionError, match='built'):
        launch._build(cfg, ('train',), None)


@pytest.mark.parametrize('given', [[], [InputContractHook()]])
def test_a_config_whose_hooks_lack_it_is_compared(
    given, train_cfg, monkeypatch
):
    """A list of hooks replaces that of the base, with the comparison."""

    class Run:
        hooks = [*given]
        deterministic = False

        def register_hook(self, hook):
            self.hooks.append(hook)

    monkeypatch.setattr(launch, 'check_all', lambda cfg, stages: None)
    monkeypatch.setattr(launch.Runner, 'from_cfg', lambda cfg: Run())
    cfg = train_cfg('--cfg-options', 'model.backbone.init_cfg=None')
    runner = launch._build(cfg, ('train',), None)
    assert sum(isinstance(h, InputContractHook) for h in runner.hooks) == 1
