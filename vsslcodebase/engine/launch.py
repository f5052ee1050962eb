"""From a command line to a run: what ``tools/train.py`` and ``test.py`` do."""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import distributed

from vsslcodebase.checkpoints.contract_check import refuse_other_colours
from vsslcodebase.compat.gloo import prepare_gloo
from vsslcodebase.engine.arguments import parse_test, parse_train
from vsslcodebase.engine.gallery_pipelines import share_pipelines
from vsslcodebase.engine.hooks import (
    BadVideosHook,
    CheckpointKeysHook,
    InputContractHook,
    ListIdentityHook,
)
from vsslcodebase.engine.hooks.checkpoint_keys import PARTIAL_LOAD
from vsslcodebase.engine.log_filter import leave_out_followers
from vsslcodebase.engine.lost_workers import kill_workers, limit_waiting
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.engine.optim_wrapper import computes_in_bfloat16
from vsslcodebase.engine.overrides import apply_overrides
from vsslcodebase.engine.preflight import UsageError, check_all

# rank, number of processes and rank on this machine, by launcher
RANK_VARIABLES = {
    'slurm': ('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_LOCALID'),
    'mpi': (
        'OMPI_COMM_WORLD_RANK',
        'OMPI_COMM_WORLD_SIZE',
        'OMPI_COMM_WORLD_LOCAL_RANK',
    ),
}


def main_train(argv: Sequence[str] | None = None) -> None:
    """Train as the command line says; exit 2 with a sentence on misuse."""
    _run(lambda: run_train(parse_train(argv)))


def main_test(argv: Sequence[str] | None = None) -> None:
    """Test as the command line says; exit 2 with a sentence on misuse."""
    _run(lambda: run_test(parse_test(argv)))


def run_train(args: argparse.Namespace) -> Runner:
    """Build the Runner and train.

    Returns:
        The Runner, after training.
    """
    cfg = training_config(args)
    stages = ('train', 'val') if cfg.get('val_dataloader') else ('train',)
    partial = bool(cfg.get('partial_load'))
    runner = _build(cfg, stages, CheckpointKeysHook(not partial, PARTIAL_LOAD))
    runner.register_hook(BadVideosHook())
    _warn_of_accumulation(runner)
    leave_out_followers(runner)
    runner.train()
    return runner


def run_test(args: argparse.Namespace) -> dict[str, Any]:
    """Build the Runner and test.

    Returns:
        The metrics.
    """
    cfg = testing_config(args)
    runner = _build(cfg, ('test',), CheckpointKeysHook(strict=True))
    if args.checkpoint is None:  # the Runner does this in training only
        model = runner.model
        (model.module if is_model_wrapper(model) else model).init_weights()
    return runner.test()


def training_config(args: argparse.Namespace) -> Config:
    """Read the config and put the options of ``tools/train.py`` into it."""
    cfg = _common_config(args)
    randomness = dict(cfg.get('randomness') or {})
    if args.seed is not None:
        randomness['seed'] = args.seed
    for flag in ('diff_rank_seed', 'deterministic'):
        if getattr(args, flag):
            randomness[flag] = True
    cfg.randomness = randomness
    require_keys(cfg, 'train_dataloader', 'train_cfg', 'optim_wrapper')
    if cfg.train_cfg.pop('by_epoch', False):
        cfg.train_cfg.setdefault('type', 'EpochBasedTrainLoop')
    if cfg.train_cfg.get('type') == 'EpochBasedTrainLoop':
        cfg.train_cfg.type = 'ResumableTrainLoop'  # the same, and resumable
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if args.amp:
        _use_mixed_precision(cfg)
    if args.auto_scale_lr:
        if 'base_batch_size' not in (cfg.get('auto_scale_lr') or {}):
            raise UsageError(
                '--auto-scale-lr needs auto_scale_lr.base_batch_size in the '
                'config: the number of videos a step that its learning rate '
                'was written for'
            )
        cfg.auto_scale_lr.enable = True
    if args.resume:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
    return cfg


def testing_config(args: argparse.Namespace) -> Config:
    """Read the config and put the options of ``tools/test.py`` into it."""
    cfg = _common_config(args)
    require_keys(cfg, 'test_dataloader', 'test_cfg', 'test_evaluator')
    cfg.load_from, cfg.resume = args.checkpoint, False
    if args.dump:
        if not args.dump.endswith(('.pkl', '.pickle')):
            raise UsageError(f'--dump writes a .pkl file, got {args.dump}')
        dump = dict(type='DumpResults', out_file_path=args.dump)
        metrics = cfg.test_evaluator
        metrics = list(metrics) if isinstance(metrics, list) else [metrics]
        cfg.test_evaluator = [*metrics, dump]
    return cfg


def load_config(name: str, options: dict[str, Any] | None = None) -> Config:
    """Read a config file and apply ``--cfg-options`` to it.

    Args:
        name: path from here or from this project's root.
        options: dotted key to value, see :func:`~.overrides.apply_overrides`.

    Raises:
        UsageError: if there is no such file (similar names are given), if it
            is no config, or a gallery is read otherwise than its queries.
        OverrideError: for an unknown key.
    """
    path = find_config(name)
    try:
        cfg = Config.fromfile(path)
    except Exception as error:  # a config is a program of the user's
        what = f'{type(error).__name__}: {error}'
        if isinstance(error, SyntaxError):
            what = f'{error.msg}, line {error.lineno}: {error.text}'.strip()
        raise UsageError(
            f'{path}, or a _base_ of it, cannot be read: {what}'
        ) from error
    apply_overrides(cfg, options or {})
    share_pipelines(cfg)
    return cfg


def find_config(name: str) -> Path:
    """Return the path of a config, given from here or from the root."""
    root = project_root()
    for path in (Path(name).expanduser(), root / name):
        if path.is_file():
            return path
    stems = {
        path.stem: str(path.relative_to(root))
        for path in sorted(root.glob('configs/**/*.py'))
        if '_base_' not in path.parts
    }
    near = get_close_matches(Path(name).stem, stems, n=3)
    hint = ' or '.join(stems[stem] for stem in near)
    raise UsageError(
        f'there is no config file {name}'
        + (f'; did you mean {hint}?' if hint else '')
    )


def project_root() -> Path:
    """Return the folder that holds ``configs/`` and ``tools/``.

    The checkout, or ``vsslcodebase/.mim`` where a wheel was installed.
    """
    package = Path(__file__).resolve().parents[1]
    installed = package / '.mim'
    return installed if installed.is_dir() else package.parent


def _run(job: Any) -> None:
    """Run a job; turn errors of use into one sentence and exit code 2."""
    for message in ('.*broadcast_buffers', '.*GradScaler', '.*jit.script'):
        warnings.filterwarnings('ignore', message=message)
    try:
        with one_sentence():
            job()
            if distributed.is_initialized():
                # who leaves while another still works aborts in gloo's threads
                distributed.barrier()
    except BaseException:
        kill_workers()
        raise
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()


def _common_config(args: argparse.Namespace) -> Config:
    """Read the config with what both tools do to it."""
    _export_ranks(args)
    cfg = load_config(args.config, args.cfg_options)
    cfg.launcher = args.launcher
    for stage in ('train', 'val', 'test'):
        limit_waiting(cfg.get(f'{stage}_dataloader'))
    if args.work_dir or not cfg.get('work_dir'):
        cfg.work_dir = args.work_dir or f'work_dirs/{Path(args.config).stem}'
    return cfg


def _export_ranks(args: argparse.Namespace) -> None:
    """Put the launcher's numbers where torch and mmengine look for them."""
    if args.local_rank is not None:
        os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    names = RANK_VARIABLES.get(args.launcher, ())
    for target, name in zip(('RANK', 'WORLD_SIZE', 'LOCAL_RANK'), names):
        if name in os.environ:
            os.environ[target] = os.environ[name]
    if args.launcher != 'none' and 'RANK' not in os.environ:
        raise UsageError(
            f'--launcher {args.launcher}, but this process was not started '
            'by it (RANK is not set); use tools/dist_train.sh or '
            'tools/slurm_train.sh'
        )
    if args.launcher == 'none' and 'TORCHELASTIC_RUN_ID' in os.environ:
        raise UsageError(
            'started by torchrun: add --launcher pytorch, or '
            'every process would train by itself'
        )


def _warn_of_accumulation(runner: Runner) -> None:
    """Say what accumulated gradients are, to those who use them."""
    steps = runner.cfg.optim_wrapper.get('accumulative_counts', 1)
    if steps > 1:
        runner.logger.warning(
            f'accumulative_counts={steps}: the optimizer averages {steps} '
            'gradients. That is not a batch so many times as large where '
            'videos are compared with each other or normalised together: '
            'contrastive negatives and BatchNorm see one batch at a time. '
            'The schedule counts batches, --auto-scale-lr ignores them'
        )


def require_keys(cfg: Config, *keys: str) -> None:
    """Refuse a config without the parts that the tool needs."""
    missing = [key for key in keys if not cfg.get(key)]
    if missing:
        part = '_base_' in Path(cfg.filename).parts
        hint = '; it is a part of others, name one of those' if part else ''
        raise UsageError(f'{cfg.filename} has no {", ".join(missing)}{hint}')


def _use_mixed_precision(cfg: Config) -> None:
    """Choose the optimizer wrapper for ``--amp``."""
    wrapper = cfg.optim_wrapper
    chosen = wrapper.get('type', 'OptimWrapper')
    if chosen in ('AutocastOptimWrapper', 'AmpOptimWrapper'):
        return
    if chosen != 'OptimWrapper':
        raise UsageError(f'--amp replaces an OptimWrapper, not a {chosen}')
    if torch.cuda.is_available() and not computes_in_bfloat16():
        wrapper.type, wrapper.loss_scale = 'AmpOptimWrapper', 'dynamic'
    else:
        wrapper.type = 'AutocastOptimWrapper'


def _build(
    cfg: Config, stages: tuple[str, ...], check_keys: CheckpointKeysHook
) -> Runner:
    """Check the config, and build the Runner for CPU or GPU."""
    name = cfg.get('load_from')
    if name and '://' not in name and not Path(name).expanduser().is_file():
        raise UsageError(f'there is no checkpoint {name}')
    check_all(cfg, stages)
    refuse_other_colours(cfg)
    if (cfg.get('randomness') or {}).get('deterministic'):
        os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8')
    if cfg.launcher != 'none':
        prepare_gloo(cfg)
    runner = Runner.from_cfg(cfg)
    if not any(isinstance(h, InputContractHook) for h in runner.hooks):
        runner.register_hook(InputContractHook())  # a list without it
    runner.register_hook(check_keys)
    runner.register_hook(ListIdentityHook(stages))
    if runner.deterministic:
        # 3D pooling has no deterministic backward on GPUs; go on and say so
        torch.use_deterministic_algorithms(True, warn_only=True)
    return runner
