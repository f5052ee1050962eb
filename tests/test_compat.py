"""Each mend of an upstream defect does what it is for, and only there."""

import os
import sys
import types
import zipfile

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import runner as mmengine_runner
from mmengine.runner.checkpoint import CheckpointLoader
from torch.utils.data import DataLoader

from vsslcodebase.compat import (
    CheckpointError,
    checkpoint_files,
    checkpoint_loading,
    load_checkpoint,
    packages,
    worker_seed,
)

# --- mmcv and mmaction2 as installed ---------------------------------------


def test_no_mmcv_says_what_to_install(monkeypatch):
    monkeypatch.setattr(packages, 'find_spec', lambda name: None)
    with pytest.raises(ImportError, match=r'pip install vsslcodebase\[lite\]'):
        packages.require_mmcv()


def test_refused_mmcv_keeps_the_reason(monkeypatch):
    def refuse(name):
        raise AssertionError('MMCV==2.9.0 is used but incompatible.')

    monkeypatch.setattr(packages, 'import_module', refuse)
    with pytest.raises(ImportError, match=r'MMCV==2\.9\.0.*lite'):
        packages.require_mmcv()


@pytest.fixture
def without_drn(monkeypatch):
    for name in list(sys.modules):
        if name.startswith(packages.DRN_PACKAGE):
            monkeypatch.delitem(sys.modules, name)


def fake_mmaction(monkeypatch, folder):
    spec = types.SimpleNamespace(submodule_search_locations=[str(folder)])
    monkeypatch.setattr(packages, 'find_spec', lambda name: spec)


def test_drn_is_stubbed_where_the_folder_is_missing(
    monkeypatch, tmp_path, without_drn
):
    fake_mmaction(monkeypatch, tmp_path)
    assert packages.stub_missing_drn()
    stub = sys.modules[packages.DRN_PACKAGE + '.drn']
    with pytest.raises(ImportError, match='install mmaction2 from source'):
        stub.DRN(depth=3)
    assert packages.stub_missing_drn()  # the second call changes nothing
    assert sys.modules[packages.DRN_PACKAGE + '.drn'] is stub


def test_drn_is_left_alone_where_it_exists(monkeypatch, tmp_path, without_drn):
    (tmp_path / 'models' / 'localizers' / 'drn').mkdir(parents=True)
    fake_mmaction(monkeypatch, tmp_path)
    assert not packages.stub_missing_drn()
    assert packages.DRN_PACKAGE not in sys.modules


# --- reading checkpoints ----------------------------------------------------


def message_hub_like():
    history = HistoryBuffer([0.5], [1])
    history.update(1.5)
    return dict(
        history=history,
        double=np.float64(0.25),
        count=np.int64(3),
        flag=np.bool_(True),
        half=np.array([1.5, 2.0], np.float16),
        names=np.array(['left', 'right']),
        weight=torch.arange(3.0),
    )


def check_message_hub_like(loaded):
    assert loaded['history'].mean() == 1.0
    assert loaded['history'].statistics('max') == 1.5
    assert loaded['double'] == 0.25
    assert loaded['count'] == 3
    assert loaded['flag'] == np.True_
    assert loaded['half'].tolist() == [1.5, 2.0]
    assert loaded['names'].tolist() == ['left', 'right']
    assert loaded['weight'].tolist() == [0, 1, 2]


def test_mmengines_message_hub_is_read(tmp_path):
    torch.save(message_hub_like(), tmp_path / 'a.pth')
    check_message_hub_like(load_checkpoint(tmp_path / 'a.pth'))


def test_mmengines_own_loader_reads_it_too(tmp_path):
    torch.save(message_hub_like(), tmp_path / 'a.pth')
    loaded = CheckpointLoader.load_checkpoint(str(tmp_path / 'a.pth'), 'cpu')
    check_message_hub_like(loaded)


def test_files_of_the_other_numpy_generation_are_read(tmp_path):
    torch.save(message_hub_like(), tmp_path / 'a.pth')
    ours = b'numpy._core.multiarray'
    theirs = b'numpy.core.multiarray'
    if int(np.__version__.split('.')[0]) < 2:
        ours, theirs = theirs, ours
    with zipfile.ZipFile(tmp_path / 'a.pth') as old:
        entries = {name: old.read(name) for name in old.namelist()}
    assert any(ours in data for data in entries.values())
    with zipfile.ZipFile(tmp_path / 'b.pth', 'w') as new:
        for name, data in entries.items():
            new.writestr(name, data.replace(ours, theirs))
    check_message_hub_like(load_checkpoint(tmp_path / 'b.pth'))


class Call:
    """Pickles as a call of a function with arguments."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    'call',
    [
        Call(os.system, 'touch {marker}'),
        Call(exec, 'open("{marker}", "w")'),
        Call(getattr, Call(__import__, 'os'), 'system'),
        Call(getattr, np.ndarray, 'tofile'),
        Call(getattr, HistoryBuffer, '__init__'),
        Call(getattr, HistoryBuffer, '_statistics_methods'),
    ],
    ids=lambda call: f'{call.call[0].__name__}-{call.call[1][-1]}',
)
def test_a_checkpoint_with_code_is_refused_by_name(tmp_path, call):
    marker = tmp_path / 'it ran'
    function, arguments = call.call
    arguments = [
        a.format(marker=marker) if isinstance(a, str) else a for a in arguments
    ]
    path = tmp_path / 'evil.pth'
    torch.save(dict(state_dict=Call(function, *arguments)), path)
    with pytest.raises(CheckpointError, match=r'evil\.pth was refused'):
        load_checkpoint(path)
    assert not marker.exists()


def test_a_download_is_read_as_strictly(tmp_path):
    torch.save(message_hub_like(), tmp_path / 'good.pth')
    marker = tmp_path / 'it ran'
    code = Call(os.system, f'touch "{marker}"')
    torch.save(dict(state_dict=code), tmp_path / 'evil.pth')
    kept = tmp_path / 'kept'
    for name in ('http', 'https'):
        loader = CheckpointLoader._get_checkpoint_loader(f'{name}://a/b.pth')
        assert loader is checkpoint_loading.load_from_url
    url = (tmp_path / 'good.pth').as_uri()
    check_message_hub_like(loader(url, model_dir=str(kept), progress=False))
    assert (kept / 'good.pth').is_file()
    with pytest.raises(CheckpointError, match=r'file:.*evil\.pth was refused'):
        loader((tmp_path / 'evil.pth').as_uri(), model_dir=str(kept))
    assert not marker.exists()


def test_the_allowance_ends_with_the_loading(tmp_path):
    before = set(torch.serialization.get_safe_globals())
    torch.save(message_hub_like(), tmp_path / 'a.pth')
    load_checkpoint(tmp_path / 'a.pth')
    assert set(torch.serialization.get_safe_globals()) == before


@pytest.mark.parametrize('content', [b'', b'hello, no pickle', None])
def test_a_damaged_checkpoint_is_named(tmp_path, content):
    path = tmp_path / 'half.pth'
    if content is None:
        torch.save(dict(weight=torch.zeros(1000)), path)
        content = path.read_bytes()[:2000]
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r'half\.pth cannot be read'):
        load_checkpoint(path)


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'nowhere\.pth'):
        load_checkpoint(tmp_path / 'nowhere.pth')


def test_torch_without_an_allowlist_warns(monkeypatch, tmp_path, caplog):
    torch.save(message_hub_like(), tmp_path / 'a.pth')
    monkeypatch.setattr(checkpoint_loading, 'CAN_ALLOW', False)
    warned = []
    monkeypatch.setattr(
        checkpoint_loading, 'print_log', lambda text, **_: warned.append(text)
    )
    check_message_hub_like(load_checkpoint(tmp_path / 'a.pth'))
    assert 'only files from sources you trust' in warned[0]
    assert not checkpoint_loading.mend_checkpoint_loading()


# --- checkpoint files -------------------------------------------------------


def test_the_runner_uses_both_mends_of_checkpoint_files():
    assert mmengine_runner.save_checkpoint is checkpoint_files.save_checkpoint
    assert (
        mmengine_runner.find_latest_checkpoint
        is checkpoint_files.find_latest_checkpoint
    )


def test_a_killed_save_leaves_the_old_checkpoint(monkeypatch, tmp_path):
    path = tmp_path / 'epoch_1.pth'
    checkpoint_files.save_checkpoint(dict(epoch=1), str(path))

    def die_half_way(checkpoint, filename, **options):
        with open(filename, 'wb') as file:
            file.write(b'PK half')
        raise KeyboardInterrupt

    monkeypatch.setattr(
        checkpoint_files.upstream, 'save_checkpoint', die_half_way
    )
    with pytest.raises(KeyboardInterrupt):
        checkpoint_files.save_checkpoint(dict(epoch=2), str(path))
    assert load_checkpoint(path) == dict(epoch=1)


def test_a_complete_save_leaves_one_file(tmp_path):
    path = tmp_path / 'epoch_1.pth'
    checkpoint_files.save_checkpoint(dict(epoch=1), str(path))
    assert [file.name for file in tmp_path.iterdir()] == ['epoch_1.pth']


def test_last_checkpoint_is_found_after_a_move(tmp_path):
    (tmp_path / 'last_checkpoint').write_text('/gone/epoch_4.pth')
    (tmp_path / 'epoch_4.pth').touch()
    found = checkpoint_files.find_latest_checkpoint(str(tmp_path))
    assert found == str(tmp_path / 'epoch_4.pth')


def test_last_checkpoint_that_is_gone_lists_what_is_there(tmp_path):
    (tmp_path / 'last_checkpoint').write_text('/gone/epoch_4.pth')
    (tmp_path / 'epoch_2.pth').touch()
    with pytest.raises(FileNotFoundError, match=r"epoch_4.*\['epoch_2\.pth'"):
        checkpoint_files.find_latest_checkpoint(str(tmp_path))


def test_no_last_checkpoint_is_a_new_run(tmp_path):
    assert checkpoint_files.find_latest_checkpoint(str(tmp_path)) is None


# --- seeds of data workers --------------------------------------------------


class Draws(torch.utils.data.Dataset):
    """A foreign data set that draws from numpy's global generator."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return np.random.randint(1 << 30)


def two_epochs(rank=0):
    torch.manual_seed(0)
    loader = mmengine_runner.Runner.build_dataloader(
        dict(
            dataset=Draws(),
            sampler=dict(type='DefaultSampler', shuffle=False),
            batch_size=1,
            num_workers=2,
            collate_fn=dict(type='default_collate'),
        ),
        seed=0,
    )
    assert isinstance(loader, DataLoader)
    loader.worker_init_fn.keywords['rank'] = rank
    return [[int(draw) for draw in loader] for _ in range(2)]


@pytest.mark.slow
def test_workers_draw_anew_each_epoch_and_rank():
    first, second = two_epochs()
    other_rank = two_epochs(rank=1)[0]
    assert len({*first, *second, *other_rank}) == 12
    assert two_epochs() == [first, second]  # all from the seed


def test_upstreams_worker_seed_is_recognised(monkeypatch):
    from mmengine.dataset.utils import worker_init_fn as upstreams

    monkeypatch.setattr(
        worker_seed.upstream, 'default_worker_init_fn', upstreams
    )
    assert worker_seed.mend_worker_seed()
    assert worker_seed.upstream.default_worker_init_fn is (
        worker_seed.seed_worker
    )


def test_a_release_that_asks_for_torchs_seed_is_left_alone(monkeypatch):
    def mended_upstream(worker_id, num_workers, rank, seed):
        return torch.initial_seed()

    monkeypatch.setattr(
        worker_seed.upstream, 'default_worker_init_fn', mended_upstream
    )
    assert not worker_seed.mend_worker_seed()
    assert worker_seed.upstream.default_worker_init_fn is mended_upstream
