"""A checkpoint that does not fit the model is noticed."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

from vsslcodebase.compat import CheckpointError
from vsslcodebase.registry import HOOKS

PARTIAL_LOAD = (
    'To load what fits and start the rest at random, set partial_load=True; '
    'to load a backbone alone, use its init_cfg instead of load_from'
)


@HOOKS.register_module()
class CheckpointKeysHook(Hook):
    """Compare the names and shapes in a checkpoint with the model's.

    mmengine loads what fits and logs the rest, so a test with the wrong file
    reports the accuracy of random weights.

    Args:
        strict: whether every value of the model has to be in the checkpoint;
            always so on resume. Else one has to.
        advice: what the error message ends with.
    """

    priority = 'LOWEST'  # after hooks that choose between sets of weights

    def __init__(self, strict: bool = False, advice: str = '') -> None:
        """Remember the rule."""
        self.strict = strict
        self.advice = advice

    def after_load_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Raise CheckpointError where the rule is broken."""
        model = runner.model
        own = (model.module if is_model_wrapper(model) else model).state_dict()
        given = {
            str(name).removeprefix('module.'): value
            for name, value in checkpoint.get('state_dict', checkpoint).items()
        }
        missing = sorted(set(own) - set(given))
        other = sorted(
            f'{name} {tuple(given[name].shape)}, not {tuple(own[name].shape)}'
            for name in set(own) & set(given)
            if given[name].shape != own[name].shape
        )
        unused = sorted(set(given) - set(own))
        loaded = len(own) - len(missing) - len(other)
        if loaded == 0 or (
            (self.strict or runner._resume) and (missing or other)
        ):
            raise CheckpointError(
                f'the checkpoint fits {loaded} of the {len(own)} values of '
                f'{type(model).__name__}. Missing: {_shorten(missing)}. '
                f'Of another shape: {_shorten(other)}. In the file but not in '
                f'the model: {_shorten(unused)}. Is it the checkpoint of this '
                f'config? {self.advice}'.strip()
            )
        runner.logger.info(
            f'checkpoint: {loaded} of {len(own)} values of the model loaded, '
            f'{len(unused)} in the file not used: {_shorten(unused)}'
        )


def _shorten(names: list[str], limit: int = 10) -> str:
    """Join some names and count the rest."""
    rest = len(names) - limit
    more = f' and {rest} more' if rest > 0 else ''
    return (', '.join(names[:limit]) or 'none') + more
