"""A run that is asked to stop saves itself first."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from mmengine import dist
from mmengine.hooks import EMAHook, Hook

from vsslcodebase.engine.loops import ResumableTrainLoop
from vsslcodebase.registry import HOOKS

FILENAME = 'interrupted.pth'
ECHO_SEC = 3.0  # launchers pass on a signal that all processes also got


@HOOKS.register_module()
class InterruptHook(Hook):
    """On SIGTERM or Ctrl-C: finish the step, save a checkpoint, exit.

    ``--resume`` goes on from there, with the next batch of the epoch. The
    exit code is the shell's for the signal (143 for SIGTERM, 130 for SIGINT),
    so that a scheduler sees that the job did not end by itself. A second
    signal, some seconds later, has its usual effect at once.

    Args:
        agree_every: with several processes, iterations between asking each
            other whether one of them got a signal. All must stop at the same
            iteration, and asking makes a GPU wait.
    """

    priority = 'LOWEST'  # the state to save is that after all other hooks

    def __init__(self, agree_every: int = 10) -> None:
        """Nothing is caught before the training starts."""
        if agree_every < 1:
            raise ValueError(f'agree_every is at least 1, got {agree_every}')
        self.agree_every = agree_every
        self._received = 0
        self._time = 0.0
        self._previous: dict[int, Any] = {}
        self._validation_due = False

    def after_load_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Learn whether the run was stopped while it validated."""
        meta = checkpoint.get('meta', {})
        self._validation_due = runner._resume and meta.get(
            'validation_due', False
        )

    def before_train(self, runner: Any) -> None:
        """Catch both signals; make up for a validation that was stopped."""
        if threading.current_thread() is not threading.main_thread():
            runner.logger.warning(
                'signals are not caught: training does not '
                'run in the main thread'
            )
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            self._previous[number] = signal.signal(number, self._receive)
        loops = [runner.train_loop, runner.val_loop]
        for loader in (loop.dataloader for loop in loops if loop is not None):
            loader.worker_init_fn = partial(
                start_worker, loader.worker_init_fn
            )
        if self._validation_due and runner.val_loop is not None:
            self._validation_due = False
            runner.val_loop.run()

    def after_train(self, runner: Any) -> None:
        """Give the signals back."""
        del runner
        self._give_back()

    def after_train_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Save and exit if asked to, between two steps of the optimizer."""
        del batch_idx, data_batch, outputs
        # gradients accumulated so far are in no checkpoint
        updated = getattr(runner.optim_wrapper, 'should_update', None)
        if updated is not None and not updated():
            return
        if runner.world_size > 1:
            if not self.every_n_train_iters(runner, self.agree_every):
                return
            received = torch.tensor(self._received)
            dist.all_reduce(received, 'max')
            self._received = int(received)
        if self._received:
            self._save(runner, epoch=runner.epoch, iter=runner.iter + 1)
            dist.barrier()
            raise SystemExit(128 + self._received)

    def after_val_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
    ) -> None:
        """Leave a validation that runs between two epochs.

        Nothing changes meanwhile, so the processes need not agree. With
        ``EMAHook`` the model holds the averaged weights, and the checkpoint
        has to wait for the next training step.
        """
        del batch_idx, data_batch, outputs
        averaged = any(isinstance(hook, EMAHook) for hook in runner.hooks)
        if self._received and not averaged:
            self._save(
                runner,
                epoch=runner.epoch,
                iter=runner.iter,
                validation_due=True,
            )
            raise SystemExit(128 + self._received)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        """Note the first signal; leave a later one to who had it before."""
        del frame
        if not self._received:
            self._received, self._time = number, time.monotonic()
        elif time.monotonic() - self._time > ECHO_SEC:
            self._give_back()
            signal.raise_signal(number)

    def _give_back(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _save(self, runner: Any, **meta: Any) -> None:
        """Write the checkpoint, and its path for ``--resume``."""
        name = signal.Signals(self._received).name
        stopped = f'{name}: stopped after iteration {meta["iter"]}'
        if not isinstance(runner.train_loop, ResumableTrainLoop):
            runner.logger.warning(
                f'{stopped}, without a checkpoint: this train loop cannot go '
                'on within an epoch. --resume goes back to the last one'
            )
            return
        runner.save_checkpoint(
            runner.work_dir, FILENAME, meta=meta, by_epoch=False
        )
        path = Path(runner.work_dir) / FILENAME
        if runner.rank == 0:
            (path.parent / 'last_checkpoint').write_text(str(path))
        runner.logger.warning(
            f'{stopped} and saved {path}; go on with --resume'
        )


def start_worker(
    function: Callable[[int], None] | None, worker_id: int
) -> None:
    """Initialise a data worker that ends when its parent says so.

    Schedulers and terminals signal every process of a job. A worker that
    obeys takes away the batches up to the iteration to stop at.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, 'sigwaitinfo'):  # not on macOS
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        threading.Thread(target=_obey_parent, daemon=True).start()
    if function is not None:
        function(worker_id)


def _obey_parent() -> None:
    """Wait for SIGTERM and exit if it is the data loader's."""
    while signal.sigwaitinfo({signal.SIGTERM}).si_pid != os.getppid():
        continue
    os._exit(0)
