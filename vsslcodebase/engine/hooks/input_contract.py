"""A checkpoint says what its network was shown, and is shown that again."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch import Tensor

from vsslcodebase.compat import CheckpointError
from vsslcodebase.models.build import build_part
from vsslcodebase.registry import HOOKS


@HOOKS.register_module()
class InputContractHook(Hook):
    """Store the input contract in checkpoints, and compare it on loading.

    As ``meta['input_contract']``, see ``checkpoints/input_contract.py``.
    Other colours than a checkpoint's are an error, or are changed where the
    config says ``adapt_inputs=True``; see ``checkpoints/contract_check.py``.

    It also completes published files: a backbone alone can be loaded where the
    model has nothing else to load, and momentum copies and queues start anew.
    """

    priority = 'HIGHEST'  # before others read the checkpoint, or the config

    def before_run(self, runner: Any) -> None:
        """Compare with the files that the config names."""
        from vsslcodebase.checkpoints.contract_check import check_checkpoints

        if not runner._has_loaded and check_checkpoints(
            runner.cfg, _stage(runner)
        ):
            _use_new_preprocessor(runner)

    def after_load_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Compare with what was read; refuse what cannot be loaded."""
        from vsslcodebase.checkpoints.contract_check import (
            match_inputs,
            meta_of,
        )

        name = str(runner._load_from or 'the checkpoint')
        meta = meta_of(checkpoint, name)
        _check_content(runner, checkpoint, meta, name)
        # mmengine would run this text as a program on resume
        if isinstance(checkpoint.get('meta'), dict):
            checkpoint['meta'].pop('config', None)
        known = runner._load_from and not runner._resume  # by before_run
        if not known and match_inputs(runner.cfg, meta, name, _stage(runner)):
            _use_new_preprocessor(runner)

    def before_save_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Add what the network was shown."""
        from vsslcodebase.checkpoints.input_contract import contract_of_config

        try:
            contract = contract_of_config(runner.cfg)
        except ValueError:
            return  # no colours that could be named: of flow, for example
        checkpoint['meta']['input_contract'] = contract.to_dict()


def _stage(runner: Any) -> str:
    """Return whether this is a training or a test."""
    loop = runner._train_loop
    return 'test' if loop is None or isinstance(loop, dict) else 'train'


def _model(runner: Any) -> Any:
    """Return the model without what wraps it for several processes."""
    model = runner.model
    return model.module if is_model_wrapper(model) else model


def _use_new_preprocessor(runner: Any) -> None:
    """Build the changed preprocessor; also write the changed config."""
    model = _model(runner)
    preprocessor = build_part(runner.cfg.model.data_preprocessor)
    device = next(model.parameters()).device
    model.data_preprocessor = preprocessor.to(device)
    runner.dump_config()


def _check_content(
    runner: Any, checkpoint: dict, meta: Any, name: str
) -> None:
    """Refuse a malformed state dict, and what a published file is not."""
    from vsslcodebase.checkpoints.published import PREFIX, is_published
    from vsslcodebase.checkpoints.publishing import add_training_only

    state = checkpoint.get('state_dict', checkpoint)
    if not isinstance(state, dict) or not all(
        isinstance(value, Tensor) for value in state.values()
    ):
        raise CheckpointError(
            f'{name} holds no state_dict of tensors, so no weights to load'
        )
    if not is_published(checkpoint):
        return
    if runner._resume:
        raise CheckpointError(
            f'{name} is a published file: it holds no optimizer and no '
            'schedule to resume. Start from it: --cfg-options '
            f'load_from={name}'
        )
    if meta.get('kind') == 'model':
        lacked = add_training_only(_model(runner), state)
        if lacked:
            runner.logger.info(
                f'{name} was published without '
                f'{" and ".join(lacked)}: they start anew'
            )
        return
    if any(not key.startswith(PREFIX) for key in _model(runner).state_dict()):
        raise CheckpointError(
            f'{name} is a backbone alone, and this model has more than one. '
            'Name it in model.backbone.init_cfg: --cfg-options '
            'model.backbone.init_cfg.type=Pretrained '
            f'model.backbone.init_cfg.checkpoint={name}'
        )
    checkpoint['state_dict'] = {PREFIX + k: v for k, v in state.items()}
