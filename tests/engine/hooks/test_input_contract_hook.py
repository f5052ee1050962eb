"""Input contracts in the checkpoints of any Runner."""

from pathlib import Path

import pytest
import torch
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from torch.utils.data import Dataset
from trunk_toys import build_trunk, trunk_batch, trunk_config

from vsslcodebase.checkpoints.input_contract import InputContract
from vsslcodebase.checkpoints.published import published_meta, write_published
from vsslcodebase.checkpoints.publishing import published_states
from vsslcodebase.compat import CheckpointError, load_checkpoint
from vsslcodebase.engine.hooks import InputContractHook
from vsslcodebase.registry import DATASETS

OTHER = InputContract('bgr', (0.0, 255.0), (9.0,) * 3, (2.0,) * 3)
ITS_OWN = dict(OTHER.to_dict(), channel_order='rgb')


@DATASETS.register_module(force=True)
class ContractClips(Dataset):
    """Four videos of two clips."""

    def __init__(self):
        self.inputs, self.samples = trunk_batch()

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        return dict(
            inputs=self.inputs[index], data_samples=self.samples[index]
        )


@pytest.fixture(autouse=True)
def _scope():
    """The scope that is left is that of whoever comes next."""
    yield
    DefaultScope.get_instance('after', scope_name='vsslcodebase')


@pytest.fixture
def make(tmp_path):
    numbers = iter(range(99))

    def make(method='SwAV', model=None, load_from=None, **options):
        name = f'run{next(numbers)}_{tmp_path.parent.name}_{tmp_path.name}'
        model = model or trunk_config(
            method,
            data_preprocessor=dict(
                type='ClipDataPreprocessor', mean=[9] * 3, std=[2] * 3
            ),
        )
        cfg = dict(
            model=model,
            work_dir=str(tmp_path / name),
            train_dataloader=dict(
                batch_size=4,
                num_workers=0,
                sampler=dict(type='DefaultSampler', shuffle=False),
                dataset=dict(type='ContractClips'),
            ),
            train_cfg=dict(by_epoch=True, max_epochs=1),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.01)),
            custom_hooks=[dict(type='InputContractHook')],
            default_scope='vsslcodebase',
            experiment_name=name,
            randomness=dict(seed=0),
            load_from=load_from,
            **options,
        )
        return Runner(
            **{k: v for k, v in cfg.items() if k != 'adapt_inputs'}, cfg=cfg
        )

    return make


def log_of(runner):
    (path,) = Path(runner._log_dir).glob('*.log')
    return path.read_text()


@pytest.fixture
def files(make, tmp_path):
    """A MoCo that was published, trained in BGR."""
    torch.manual_seed(0)
    model = build_trunk('MoCo')
    state, backbone = published_states(model)
    meta = published_meta(
        kind='model',
        name='toy',
        method='moco',
        backbone=trunk_config('MoCo')['backbone'],
        contract=InputContract.from_dict(ITS_OWN),
        source='trained',
    )
    return (
        str(write_published(tmp_path, 'toy', state, meta)),
        str(
            write_published(
                tmp_path,
                'toy-backbone',
                backbone,
                {**meta, 'kind': 'backbone'},
            )
        ),
    )


def test_checkpoints_say_what_they_were_shown(make):
    runner = make()
    runner.train()
    meta = load_checkpoint(f'{runner.work_dir}/epoch_1.pth')['meta']
    assert meta['input_contract'] == ITS_OWN
    assert (meta['epoch'], meta['iter']) == (1, 1)


def trained_in_bgr(make, tmp_path):
    runner = make()
    runner.train()
    content = load_checkpoint(f'{runner.work_dir}/epoch_1.pth')
    content['meta']['input_contract'] = OTHER.to_dict()
    path = str(tmp_path / 'bgr.pth')
    torch.save(content, path)
    return path


@pytest.mark.parametrize('resume', [False, True])
def test_other_colours_end_a_run_or_are_adapted(make, tmp_path, resume):
    path = trained_in_bgr(make, tmp_path)
    options = dict(load_from=path, resume=resume)
    with pytest.raises(CheckpointError, match=r'bgr\.pth was trained on BGR'):
        make(**options).train()
    runner = make(**options, adapt_inputs=True)
    assert not runner.model.data_preprocessor.to_bgr
    runner.train()
    assert runner.model.data_preprocessor.to_bgr
    assert runner.model.data_preprocessor.mean.flatten().tolist() == [9] * 3
    assert 'ADAPTED INPUTS' in log_of(runner)
    if not resume:  # resumed at its end, it trains and saves no more
        meta = load_checkpoint(f'{runner.work_dir}/epoch_1.pth')['meta']
        assert meta['input_contract'] == OTHER.to_dict()
        assert 'to_bgr=True' in meta['cfg']


def test_a_published_model_starts_a_run_without_queue_and_copies(make, files):
    runner = make('MoCo', load_from=files[0])
    runner.train()
    assert 'without momentum_encoder and queue: they start anew' in log_of(
        runner
    )
    assert 'missing keys' not in log_of(runner)
    assert int(runner.model.queue.filled) == 8
    state = load_checkpoint(files[0])['state_dict']
    # the copies started from what was loaded, not from what was random
    copied = runner.model.momentum_encoder.neck.state_dict()
    loaded = {
        k.removeprefix('neck.'): v
        for k, v in state.items()
        if k.startswith('neck.') and k.endswith('weight')
    }
    assert loaded
    for key, value in loaded.items():
        assert torch.allclose(copied[key], value, atol=1e-3), key


def test_a_published_file_cannot_be_resumed(make, files):
    with pytest.raises(CheckpointError, match='no optimizer and no schedule'):
        make('MoCo', load_from=files[0], resume=True).train()


def test_a_backbone_alone_is_not_a_whole_model(make, files):
    with pytest.raises(
        CheckpointError, match=r'is a backbone alone.*init_cfg'
    ):
        make('MoCo', load_from=files[1]).train()


def test_a_backbone_alone_is_all_that_a_feature_trunk_needs(make, files):
    model = dict(
        type='FeatureTrunk',
        backbone=trunk_config('MoCo')['backbone'],
        data_preprocessor=dict(
            type='ClipDataPreprocessor', mean=[9] * 3, std=[2] * 3
        ),
    )
    runner = make(model=model)
    runner.load_checkpoint(files[1])
    state = load_checkpoint(files[1])['state_dict']
    for key, value in runner.model.backbone.state_dict().items():
        assert torch.equal(value, state[key])


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (torch.zeros(1), 'holds a Tensor, expected a checkpoint'),
        (dict(state_dict=[1]), 'holds no state_dict of tensors'),
        (dict(state_dict=dict(a=1)), 'holds no state_dict of tensors'),
        (dict(meta='x', state_dict={}), 'its meta must be a dict, got str'),
    ],
)
def test_malformed_checkpoints_are_named(make, content, message, tmp_path):
    path = tmp_path / 'odd.pth'
    torch.save(content, path)
    with pytest.raises(CheckpointError, match=rf'odd\.pth.*{message}'):
        make(load_from=str(path)).train()


def test_resuming_runs_no_config_of_the_file(make, tmp_path):
    runner = make()
    runner.train()
    path, mark = tmp_path / 'run.pth', tmp_path / 'ran'
    content = load_checkpoint(f'{runner.work_dir}/epoch_1.pth')
    content['meta']['config'] = (
        f'import pathlib\npathlib.Path({str(mark)!r}).touch()'
    )
    torch.save(content, path)
    make(load_from=str(path), resume=True).train()
    assert not mark.exists()


def test_a_model_of_unknown_colours_is_saved_all_the_same():
    checkpoint = dict(meta={})

    class Run:
        cfg = dict(model=None)

    InputContractHook().before_save_checkpoint(Run, checkpoint)
    assert checkpoint == dict(meta={})
