"""A run that was stopped, in whatever way, ends as if it had not been."""

import shutil
import signal
import sys
from pathlib import Path

import pytest
import torch
from resuming import same, stop_at

from vsslcodebase.compat import load_checkpoint

TRAIN = Path(__file__).resolve().parents[2] / 'tools' / 'train.py'

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def uninterrupted():
    """Final checkpoints of whole runs, by their options."""
    return {}


@pytest.fixture
def whole(run, uninterrupted, tmp_path):
    """Return the last checkpoint of an uninterrupted run."""

    def final(**overrides):
        key = tuple(sorted(overrides.items()))
        if key not in uninterrupted:
            run(tmp_path / 'whole', **overrides)
            uninterrupted[key] = load_checkpoint(
                tmp_path / 'whole' / 'epoch_3.pth'
            )
        return uninterrupted[key]

    return final


def check_same_run(work_dir, reference):
    """Weights, optimizer, schedule and every logged loss are equal."""
    checkpoint = load_checkpoint(work_dir / 'epoch_3.pth')
    for key in ('state_dict', 'optimizer', 'param_schedulers'):
        same(checkpoint[key], reference[key])
    assert checkpoint['meta']['iter'] == reference['meta']['iter'] == 12
    ours, theirs = (
        one['message_hub']['log_scalars'] for one in (checkpoint, reference)
    )
    for name in ('train/loss', 'train/lr', 'train/order_acc'):
        assert ours[name].data[0].tolist() == theirs[name].data[0].tolist()
    return checkpoint


def loaders(workers, persistent=False):
    return {
        'train_dataloader.num_workers': workers,
        'train_dataloader.persistent_workers': persistent,
    }


@pytest.mark.parametrize('workers', [0, 2])
def test_resume_at_an_epochs_end(run, whole, tmp_path, workers):
    reference = whole()  # without workers: their number changes nothing
    work_dir = tmp_path / 'work'
    run(work_dir, **loaders(workers))
    for name in ('epoch_3.pth', 'epoch_2.pth'):
        (work_dir / name).unlink()
    run(
        work_dir,
        '--resume',
        str(work_dir / 'epoch_1.pth'),
        **loaders(workers, persistent=workers > 0),
    )
    check_same_run(work_dir, reference)


@pytest.mark.parametrize(
    ('number', 'iteration'),  # in the first, an inner, the last of epoch 2
    [(signal.SIGTERM, 4), (signal.SIGINT, 6), (signal.SIGTERM, 7)],
)
def test_resume_after_a_signal(run, whole, tmp_path, number, iteration):
    reference = whole()
    work_dir = tmp_path / 'work'
    with pytest.raises(SystemExit) as stop:
        run(work_dir, **stop_at(number, iteration=iteration))
    assert stop.value.code == 128 + number
    pointer = (work_dir / 'last_checkpoint').read_text()
    assert pointer == str(work_dir / 'interrupted.pth')
    saved = load_checkpoint(pointer)['meta']
    assert (saved['epoch'], saved['iter']) == (1, iteration + 1)
    run(work_dir, '--resume')
    check_same_run(work_dir, reference)


def test_resume_with_workers_after_a_signal_with_others(run, whole, tmp_path):
    work_dir = tmp_path / 'work'
    with pytest.raises(SystemExit):
        run(
            work_dir,
            **loaders(2, persistent=True),
            **stop_at(signal.SIGTERM, iteration=5),
        )
    run(work_dir, '--resume', **loaders(1))
    check_same_run(work_dir, whole())


def test_a_validation_that_was_stopped_is_made_up_for(run, whole, tmp_path):
    work_dir = tmp_path / 'work'
    with pytest.raises(SystemExit):
        run(work_dir, **stop_at(signal.SIGTERM, in_validation=True))
    meta = load_checkpoint(work_dir / 'interrupted.pth')['meta']
    assert (meta['epoch'], meta['iter']) == (1, 4)
    runner = run(work_dir, '--resume')
    check_same_run(work_dir, whole())
    log = runner.message_hub.log_scalars['val/relation/order_acc']
    assert len(log.data[0]) == 3  # one for each epoch


def test_resume_after_kill_9_in_a_moved_directory(
    command, config, run, whole, tmp_path
):
    path = tmp_path / 'killed.py'
    hook = stop_at(signal.SIGKILL, iteration=9)['custom_hooks']
    path.write_text(f"_base_ = ['{config}']\ncustom_hooks = {hook}\n")
    # the last bit of a sum depends on the number of threads
    threads = str(torch.get_num_threads())
    done = command(
        sys.executable,
        TRAIN,
        path,
        '--work-dir',
        tmp_path / 'before',
        OMP_NUM_THREADS=threads,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]
    work_dir = tmp_path / 'after'
    shutil.move(tmp_path / 'before', work_dir)
    runner = run(work_dir, '--resume')
    check_same_run(work_dir, whole())
    assert 'resumed epoch: 2, iter: 8' in log_of(runner)


def log_of(runner):
    return Path(runner.log_dir, f'{runner.timestamp}.log').read_text()


def test_no_decoding_of_batches_already_seen(run, tmp_path, monkeypatch):
    work_dir = tmp_path / 'work'
    with pytest.raises(SystemExit):
        run(work_dir, **stop_at(signal.SIGTERM, iteration=6))
    from vsslcodebase.datasets import VideoListDataset

    asked = []
    original = VideoListDataset.prepare_data

    def count(self, index):
        if not self.test_mode:
            asked.append(index)
        return original(self, index)

    monkeypatch.setattr(VideoListDataset, 'prepare_data', count)
    run(work_dir, '--resume')
    assert len(asked) == 3 * (12 - 7)  # 5 of 12 batches of 3 were left


def test_resume_with_another_batch_size_keeps_the_share(run, tmp_path):
    work_dir = tmp_path / 'work'
    with pytest.raises(SystemExit):  # after 6 of 12 iterations
        run(work_dir, **stop_at(signal.SIGTERM, iteration=5))
    runner = run(work_dir, '--resume', **{'train_dataloader.batch_size': 6})
    assert runner.iter == 6  # 3 epochs of 2 iterations now
    log = log_of(runner)
    assert 'RESUMED WITH ANOTHER BATCH' in log
    assert '--auto-scale-lr multiplies it by 2' in log
    rates = runner.message_hub.log_scalars['train/lr'].data[0][-3:]
    expected = [0.05 * share for share in cosine_shares([3, 4, 5], 6)]
    assert rates.tolist() == pytest.approx(expected)


def test_resume_with_more_epochs_follows_the_longer_schedule(run, tmp_path):
    work_dir = tmp_path / 'work'
    run(work_dir, **{'train_cfg.max_epochs': 2})
    runner = run(work_dir, '--resume')  # 3 epochs of 4 iterations
    assert runner.iter == 12
    assert 'RESUMED WITH ANOTHER LENGTH' in log_of(runner)
    rates = runner.message_hub.log_scalars['train/lr'].data[0]
    first = [0.05 * share for share in cosine_shares(range(8), 8)]
    rest = [0.05 * share for share in cosine_shares(range(8, 12), 12)]
    assert rates.tolist() == pytest.approx(first + rest)


def cosine_shares(steps, total):
    from vsslcodebase.engine.schedules import warmup_cosine

    return [warmup_cosine(step, total, 0.05) for step in steps]
