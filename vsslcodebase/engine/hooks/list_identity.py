"""The log says which videos a run is of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mmengine.config import Config
from mmengine.hooks import Hook

from vsslcodebase.registry import HOOKS


@HOOKS.register_module()
class ListIdentityHook(Hook):
    """Log what each list of videos is, before anything is read from them.

    A list that is an official split is named; of another one, number and
    digest are told, so that two logs can be compared.

    Args:
        stages: Of ``'train'``, ``'val'``, ``'test'``, whose lists are read.
    """

    def __init__(
        self, stages: tuple[str, ...] = ('train', 'val', 'test')
    ) -> None:
        self.stages = stages

    def before_run(self, runner: Any) -> None:
        """Log a line a list, in the first process."""
        if runner.rank != 0:
            return
        for line in dict.fromkeys(_lines(runner.cfg, self.stages)):
            runner.logger.info(line)


def _lines(cfg: Config, stages: tuple[str, ...]) -> Iterator[str]:
    """Yield a line for each list, galleries included."""
    # Imported on use: preflight imports models, which import hooks
    from vsslcodebase.datasets.split_registry import identify
    from vsslcodebase.engine.preflight import listed_videos

    for name, part in _parts(cfg, stages):
        for _, dataset, path in listed_videos(part, name):
            identity = identify(
                path, dataset.get('delimiter', ' '), dataset.get('num_videos')
            )
            yield f'{name}: {identity}'


def _parts(cfg: Config, stages: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Yield what has data sets inside, with a name for it."""
    for stage in stages:
        yield stage, cfg.get(f'{stage}_dataloader')
        if stage != 'train':
            yield f'{stage} gallery', cfg.get(f'{stage}_evaluator')
    for hook in cfg.get('custom_hooks') or []:
        for role in ('gallery', 'query'):
            if isinstance(hook, dict) and hook.get(role):
                yield f'{hook.get("type")} {role}', hook[role]
