"""How the batch of a recipe is spread over the GPUs there are."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vsslcodebase.registry import TRANSFORMS
from vsslcodebase.utils.nested import dicts_in

# Feichtenhofer et al. (2021) train on 8 GPUs for each company of BatchNorm;
# with fewer, what a clip shares with its company tells who belongs together
COMPANIES = 8


@dataclass(frozen=True)
class Recipe:
    """What a config says of a step.

    Attributes:
        batch: Videos a step that the learning rate is written for.
        per_gpu: Videos a GPU.
        num_clips: V, of a video.
        lr: Learning rate.
        whole_batch: The loss compares videos of the whole step with each
            other: as many negatives as there are videos.
        on_gpu: It compares those of a GPU with each other.
        synchronised: BatchNorm is of all GPUs.
        queue_size: Of negatives; None without a queue.
        bn_groups: Of a trunk that shuffles clips, else None.
    """

    batch: int
    per_gpu: int
    num_clips: int
    lr: float
    whole_batch: bool = False
    on_gpu: bool = False
    synchronised: bool = False
    queue_size: int | None = None
    bn_groups: int | None = None

    @property
    def num_gpus(self) -> int:
        """GPUs of the recipe."""
        return max(1, self.batch // self.per_gpu)


@dataclass
class BatchPlan:
    """A recipe on other GPUs.

    Attributes:
        num_gpus: N.
        per_gpu: Videos a GPU and batch.
        accumulation: Batches a step of the optimizer.
        lr: Learning rate, in proportion to the videos of a step.
        queue_size: As in ``Recipe``.
        bn_groups: As in ``Recipe``.
        warnings: Where this departs from the recipe.
    """

    num_gpus: int
    per_gpu: int
    accumulation: int
    lr: float
    queue_size: int | None = None
    bn_groups: int | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def batch(self) -> int:
        """Videos of one forward pass, of all GPUs."""
        return self.num_gpus * self.per_gpu

    @property
    def step(self) -> int:
        """Videos a step of the optimizer."""
        return self.batch * self.accumulation


def read_recipe(cfg: Mapping[str, Any]) -> Recipe:
    """Read a training config.

    Raises:
        ValueError: It does not say what batch its rate is for, or has no
            learning rate; the message names the key.
    """
    base = (cfg.get('auto_scale_lr') or {}).get('base_batch_size')
    if not base:
        raise ValueError(
            'the config has no auto_scale_lr.base_batch_size, the number of '
            'videos a step that its learning rate is written for; set it'
        )
    optimizer = (cfg.get('optim_wrapper') or {}).get('optimizer') or {}
    if 'lr' not in optimizer:
        raise ValueError('the config has no optim_wrapper.optimizer.lr')
    loader, model = cfg['train_dataloader'], cfg['model']
    for key, value in (
        ('auto_scale_lr.base_batch_size', base),
        ('train_dataloader.batch_size', loader['batch_size']),
    ):
        if value < 1:
            raise ValueError(f'{key} must be 1 or more, got {value}')
    nodes = [node for _, node in dicts_in(model)]
    kinds = {node.get('type') for node in nodes}
    contrasts = any(node.get('contrast') for node in nodes)
    has_queue = 'queue_size' in model or model['type'] == 'MoCo'
    return Recipe(
        batch=int(base),
        per_gpu=int(loader['batch_size']),
        num_clips=num_clips_of(loader),
        lr=float(optimizer['lr']),
        whole_batch=bool({'ContrastiveHead', 'CORPFHead', 'SwAV'} & kinds)
        or contrasts,
        on_gpu='CORPMHead' in kinds,
        synchronised='SyncBN' in kinds,
        queue_size=model.get('queue_size', 65536) if has_queue else None,
        bn_groups=model.get('bn_groups', 1)
        if has_queue and model.get('shuffle_bn', True)
        else None,
    )


def num_clips_of(loader: Mapping[str, Any]) -> int:
    """Return V of a data loader's sampler: what is said, or its default."""
    for _, step in dicts_in(loader['dataset'].get('pipeline', ())):
        if 'clip_len' not in step:
            continue
        sampler = TRANSFORMS.get(step['type'])
        default = inspect.signature(sampler).parameters['num_clips'].default
        return int(step.get('num_clips', default))
    raise ValueError(
        'the training pipeline has no sampler: no step with a clip_len'
    )


def plan_batches(
    recipe: Recipe,
    num_gpus: int,
    most_videos: int,
    num_videos: int | None = None,
) -> BatchPlan:
    """Spread a recipe's batch over GPUs.

    The step of the recipe is kept where it can be: as it is, or by
    accumulation where videos of different batches need not be compared.
    Else it is smaller, and the learning rate with it.

    Args:
        recipe: What ``read_recipe`` returned.
        num_gpus: N.
        most_videos: That fit on a GPU.
        num_videos: Of the training set, for the queue.

    Raises:
        ValueError: Not even one video fits.
    """
    if most_videos < 1:
        raise ValueError('not even one video fits on a GPU')
    share = recipe.batch / num_gpus
    fits = share <= most_videos
    per_gpu = math.ceil(share) if fits else most_videos
    if not fits and recipe.whole_batch:  # the more negatives the better
        per_gpu = max(most_videos // 8 * 8, min(most_videos, 8))
    elif not fits and share.is_integer():
        per_gpu = _divisor(int(share), most_videos) or most_videos
    accumulation = 1
    if not fits and not recipe.whole_batch:
        accumulation = max(1, round(recipe.batch / (num_gpus * per_gpu)))
    plan = BatchPlan(num_gpus, per_gpu, accumulation, recipe.lr)
    plan.lr = recipe.lr * plan.step / recipe.batch
    _warn_of_batch(plan, recipe)
    _plan_queue(plan, recipe, num_videos)
    _plan_companies(plan, recipe)
    return plan


def _warn_of_batch(plan: BatchPlan, recipe: Recipe) -> None:
    """Say what another batch does to the loss and the norms."""
    warn = plan.warnings.append
    if plan.step != recipe.batch:
        warn(
            f'{plan.step} videos a step, not {recipe.batch}: the learning '
            f'rate is {plan.lr:g}, not {recipe.lr:g} (in proportion)'
        )
    if recipe.whole_batch and plan.batch < recipe.batch:
        warn(
            f'the loss compares {plan.batch} videos with each other, not '
            f'{recipe.batch}; accumulated gradients would not change that, '
            'so there are none'
        )
    if plan.accumulation > 1:
        warn(
            f'{plan.accumulation} batches are accumulated to a step of the '
            'optimizer'
        )
    seen, before = (
        (plan.batch, recipe.batch)
        if recipe.synchronised
        else (plan.per_gpu, recipe.per_gpu)
    )
    if seen != before:
        warn(f'BatchNorm sees {seen} videos at a time, not {before}')
    if recipe.on_gpu and plan.per_gpu != recipe.per_gpu:
        warn(
            'pairs of clips are formed on each GPU: of them, 1 in '
            f'{plan.per_gpu} are of one video, not 1 in {recipe.per_gpu}'
        )


def _plan_queue(
    plan: BatchPlan, recipe: Recipe, num_videos: int | None
) -> None:
    """Keep the queue shorter than half of the videos."""
    plan.queue_size = size = recipe.queue_size
    if size is None:
        return
    keys = plan.batch * recipe.num_clips
    if num_videos is not None and size > num_videos * recipe.num_clips / 2:
        short = 2 ** int(math.log2(num_videos * recipe.num_clips / 4))
        plan.queue_size = max(short, keys)
        plan.warnings.append(
            f'a queue of {plan.queue_size} keys, not {size}: of '
            f'{num_videos} videos with {recipe.num_clips} clips each, most '
            'would have keys of their own among the negatives'
        )
    if plan.queue_size is not None and plan.queue_size < keys:
        plan.warnings.append(
            f'a queue of {keys} keys, not {plan.queue_size}: as many come '
            'with each batch'
        )
        plan.queue_size = keys


def _plan_companies(plan: BatchPlan, recipe: Recipe) -> None:
    """Give shuffled BatchNorm enough companies of enough videos."""
    plan.bn_groups = groups = recipe.bn_groups
    if groups is None or plan.num_gpus * groups >= COMPANIES:
        return
    wanted = math.ceil(COMPANIES / plan.num_gpus)
    fitting = [
        number
        for number in range(groups, plan.per_gpu // 2 + 1)
        if plan.per_gpu % number == 0
    ]
    enough = [number for number in fitting if number >= wanted]
    plan.bn_groups = min(enough) if enough else max(fitting, default=groups)
    companies = plan.num_gpus * plan.bn_groups
    if plan.bn_groups > groups:
        plan.warnings.append(
            f'bn_groups={plan.bn_groups}, not {groups}: BatchNorm shuffles '
            f'among {companies} companies of '
            f'{plan.per_gpu // plan.bn_groups} videos'
        )
    if companies < COMPANIES:
        plan.warnings.append(
            f'BatchNorm shuffles among fewer than {COMPANIES} companies of '
            f'clips ({companies}): their statistics tell which clips belong '
            'together. More GPUs, or more videos on a GPU, would help'
        )


def _divisor(number: int, most: int) -> int | None:
    """Return the largest divisor up to ``most``, if it is not far below."""
    for value in range(most, most // 2, -1):
        if number % value == 0:
            return value
    return None
