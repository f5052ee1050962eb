"""A run resumed with another batch size or length keeps to a schedule."""

from __future__ import annotations

import copy
import warnings
from typing import Any

from mmengine.hooks import Hook

from vsslcodebase.registry import HOOKS


@HOOKS.register_module()
class ResumeCheckHook(Hook):
    """Notice on resume that a step is not what it was, and make up for it.

    mmengine counts iterations. Resumed on half of the GPUs, a run would take
    its place in the schedule for a place twice as far on, and end too early,
    without a word. This hook stores with each checkpoint how many videos a
    step and how many steps an epoch had. Where the epoch has another length
    now, the iteration and the schedules move to the same share of the run,
    and a warning says what is left to decide: the learning rate, which follows
    only with ``--auto-scale-lr``.

    The checkpoint's schedules also remember the length of their run. Resumed
    with another ``max_epochs``, they would end before the run or be cut off;
    so they are built anew, and go on where a run of the new length would be.
    """

    priority = 'HIGHEST'  # the others read the iteration that is set here

    def __init__(self) -> None:
        """No checkpoint has been resumed yet."""
        self._written: dict[str, int] | None = None
        self._max_epochs: int | None = None

    def before_save_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Store what a step is, and how long the run."""
        checkpoint['meta']['step'] = _describe_step(runner)
        checkpoint['meta']['max_epochs'] = runner.max_epochs

    def after_load_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Remember what a step was, if this is a resume."""
        if runner._resume:
            meta = checkpoint.get('meta', {})
            self._written = meta.get('step')
            self._max_epochs = meta.get('max_epochs')

    def before_train(self, runner: Any) -> None:
        """Compare, and move to the same share of the run if need be."""
        written, now = self._written, _describe_step(runner)
        max_epochs = self._max_epochs
        self._written = self._max_epochs = None
        if written is not None and written != now:
            self._compare_steps(runner, written, now)
        if max_epochs is not None and max_epochs != runner.max_epochs:
            self._change_length(runner, max_epochs)

    @staticmethod
    def _compare_steps(
        runner: Any, written: dict[str, int], now: dict[str, int]
    ) -> None:
        """Make up for a step or an epoch that is not what it was."""
        was, is_now = (
            f'{step["world_size"]} x {step["batch_size"]} videos '
            f'a step, {step["epoch_length"]} steps an epoch'
            for step in (written, now)
        )
        if written['epoch_length'] == now['epoch_length']:
            runner.logger.info(f'resumed: {was}; now: {is_now}')
            return
        ratio = (
            now['world_size']
            * now['batch_size']
            / (written['world_size'] * written['batch_size'])
        )
        scaled = bool((runner.auto_scale_lr or {}).get('enable'))
        _move_to_same_share(runner, written['epoch_length'])
        _restart_schedules(runner, ratio if scaled else 1.0)
        lr = (
            f'was multiplied by {ratio:g}'
            if scaled
            else f'was not changed; --auto-scale-lr multiplies it by {ratio:g}'
        )
        runner.logger.warning(
            f'RESUMED WITH ANOTHER BATCH. Checkpoint: {was}. Now: {is_now}. '
            f'The run goes on at the same share of its epochs, iteration '
            f'{runner.iter}. The learning rate {lr}. The result will differ '
            'from that of an uninterrupted run.'
        )

    @staticmethod
    def _change_length(runner: Any, max_epochs: int) -> None:
        """Follow the schedules of a run of the length that is asked for."""
        before = runner.optim_wrapper.param_groups[0]['lr']
        _restart_schedules(runner, 1.0)
        after = runner.optim_wrapper.param_groups[0]['lr']
        left = max(0, runner.max_epochs - runner.epoch)
        runner.logger.warning(
            f'RESUMED WITH ANOTHER LENGTH. Checkpoint: a run of {max_epochs} '
            f'epochs. Now: {runner.max_epochs}, of which {left} are left. The '
            'schedules were built anew and go on where a run of '
            f'{runner.max_epochs} epochs would be at iteration {runner.iter}: '
            f'the learning rate goes from {before:.4g} to {after:.4g}. The '
            'result will differ from that of an uninterrupted run of either '
            'length.'
        )


def _describe_step(runner: Any) -> dict[str, int]:
    """Return what the meaning of "iteration" depends on."""
    loader = runner.train_dataloader
    return dict(
        world_size=runner.world_size,
        batch_size=getattr(loader.batch_sampler, 'batch_size', 1),
        epoch_length=len(loader),
    )


def _move_to_same_share(runner: Any, old_length: int) -> None:
    """Convert the loop's iteration from epochs of another length."""
    loop, length = runner.train_loop, len(runner.train_dataloader)
    done = loop._iter - loop._epoch * old_length
    loop._iter = loop._epoch * length + done * length // old_length
    runner.optim_wrapper.initialize_count_status(
        runner.model, loop._iter, loop._max_iters
    )


def _restart_schedules(runner: Any, lr_ratio: float) -> None:
    """Build the schedules anew and step them to the present iteration.

    Most schedules of mmengine compute a value from the one before, so there
    is no shorter way; 100,000 steps take about a second.
    """
    if not isinstance(runner.param_schedulers, list):
        return  # none, or one set per optimizer, which we do not use
    for group in runner.optim_wrapper.param_groups:
        group['initial_lr'] = group.get('initial_lr', group['lr']) * lr_ratio
        for name in list(group):
            if name.startswith('initial_'):
                group[name.removeprefix('initial_')] = group[name]
    schedules = runner.build_param_scheduler(
        copy.deepcopy(runner.cfg.param_scheduler)
    )
    with warnings.catch_warnings():  # "step the optimizer first"
        warnings.simplefilter('ignore')
        for iteration in range(1, runner.iter + 1):
            ends_epoch = iteration % len(runner.train_dataloader) == 0
            for schedule in schedules:
                if not schedule.by_epoch or ends_epoch:
                    schedule.step()
    runner.param_schedulers = schedules
