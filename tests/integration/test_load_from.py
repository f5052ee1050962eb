"""Training from a checkpoint that fits the model only in part."""

from pathlib import Path

import pytest
import torch

from vsslcodebase.compat import CheckpointError, load_checkpoint


@pytest.fixture
def partly(run, tmp_path):
    """A checkpoint of the tiny experiment without its head."""
    run(tmp_path / 'first', **{'train_cfg.max_epochs': 1})
    state = load_checkpoint(tmp_path / 'first' / 'epoch_1.pth')['state_dict']
    state = {k: v for k, v in state.items() if not k.startswith('head.')}
    path = tmp_path / 'partly.pth'
    torch.save(dict(state_dict=state), path)
    return str(path)


def test_is_an_error_unless_the_config_allows_it(run, partly, tmp_path):
    options = {'load_from': partly, 'train_cfg.max_epochs': 1}
    with pytest.raises(
        CheckpointError, match=r'Missing: head\..*set partial_load=True'
    ):
        run(tmp_path / 'second', **options)
    runner = run(tmp_path / 'third', partial_load=True, **options)
    log = Path(runner.log_dir, f'{runner.timestamp}.log').read_text()
    loaded = len(load_checkpoint(partly)['state_dict'])
    values = len(runner.model.state_dict())
    assert f'checkpoint: {loaded} of {values} values of the model' in log
    assert 0 < loaded < values
    assert runner.iter == 4
