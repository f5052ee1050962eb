"""A checkpoint is shown the colours that it was trained on, or not loaded.

What differs in colours is an error, or is put right where the config asks for
it (``adapt_inputs=True``); other frames, strides and sizes are a line in the
log, since papers evaluate with more of them than they train on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.runner.checkpoint import CheckpointLoader

from vsslcodebase.checkpoints.input_contract import (
    Difference,
    InputContract,
    contract_of_config,
    differences,
    preprocessor_of_config,
)
from vsslcodebase.checkpoints.layer_check import refuse_other_layers
from vsslcodebase.checkpoints.named_checkpoints import named_checkpoints
from vsslcodebase.checkpoints.published import is_published, verify_name
from vsslcodebase.checkpoints.published_meta import check_meta
from vsslcodebase.compat import CheckpointError, load_checkpoint

# the flag that exchanges red and blue, by type of preprocessor
FLIPS = {'ClipDataPreprocessor': 'to_bgr', 'ActionDataPreprocessor': 'to_rgb'}


def check_checkpoints(cfg: Config, stage: str) -> bool:
    """Compare a config with the checkpoints that it names, before a run.

    Args:
        cfg: A whole config, with ``load_from``, or with ``pretrained`` or
            ``init_cfg`` of type 'Pretrained' in its model. Its preprocessor is
            changed if need be and ``adapt_inputs`` is true.
        stage: 'train' or 'test': which frames, stride and size it shows.

    Returns:
        Whether it was changed.

    Raises:
        CheckpointError: A file cannot be read, or was trained on other
            colours.
    """
    changed = [
        match_inputs(cfg, read_meta(name), name, stage)
        for name in dict.fromkeys(named_checkpoints(cfg))
    ]
    return any(changed)


def refuse_other_colours(cfg: Config) -> None:
    """Raise as ``check_checkpoints`` would, change and log nothing.

    Raises:
        CheckpointError: As there.
    """
    if cfg.get('adapt_inputs'):
        return
    for name in dict.fromkeys(named_checkpoints(cfg)):
        want = contract_of_meta(read_meta(name), name)
        try:
            have = contract_of_config(cfg)
        except ValueError:
            return
        if want is not None and _colour_differences(have, want):
            raise _refusal(cfg, have, want, name)


def match_inputs(
    cfg: Config, meta: Mapping[str, Any], name: str, stage: str
) -> bool:
    """Compare a config with the contract in a checkpoint's ``meta``.

    Args:
        cfg: See :func:`check_checkpoints`.
        meta: Of the checkpoint; may be empty.
        name: What to call the checkpoint.
        stage: See :func:`check_checkpoints`.

    Returns:
        Whether the config was changed.

    Raises:
        CheckpointError: See :func:`check_checkpoints`.
    """
    logger = MMLogger.get_current_instance()
    want = contract_of_meta(meta, name)
    refuse_other_layers(cfg.get('model') or {}, meta, name)
    try:
        have = contract_of_config(cfg, stage)
    except ValueError as error:
        logger.info('inputs of %s not compared: %s', name, error)
        return False
    if want is None:
        logger.info(
            '%s does not say what inputs it was trained on; this config '
            'shows %s',
            name,
            _colours(have),
        )
        return False
    colours = _colour_differences(have, want)
    if colours:
        _adapt(cfg, have, want, name)
    shapes = [one for one in differences(have, want) if not one.is_colour]
    if shapes:
        logger.info(
            'clips differ from those that %s was trained on: %s',
            name,
            '; '.join(map(str, shapes)),
        )
    return bool(colours)


def contract_of_meta(
    meta: Mapping[str, Any], name: str
) -> InputContract | None:
    """Return the contract in a checkpoint's ``meta``; None without one.

    Raises:
        CheckpointError: It is malformed.
    """
    given = meta.get('input_contract')
    try:
        if is_published(dict(meta=meta)):
            return check_meta(meta)
        return None if given is None else InputContract.from_dict(given)
    except ValueError as error:
        raise CheckpointError(f'{name}: {error}') from error


def read_meta(name: str) -> Mapping[str, Any]:
    """Return what a checkpoint says about itself; its weights stay there.

    Args:
        name: File or address.

    Returns:
        Its ``meta``; empty in a bare state dict.

    Raises:
        CheckpointError: No checkpoint, or one of a format that names its
            hash, and has another.
    """
    if '://' in name:
        content = CheckpointLoader.load_checkpoint(name, map_location='cpu')
    else:
        content = load_checkpoint(name, mmap=True)
    meta = meta_of(content, name)
    if is_published(content) and '://' not in name:
        verify_name(name)
    return meta


def meta_of(content: Any, name: str) -> Mapping[str, Any]:
    """Return the ``meta`` of what was read from a checkpoint.

    Raises:
        CheckpointError: It has a malformed one, or is no checkpoint at all.
    """
    if not isinstance(content, Mapping):
        raise CheckpointError(
            f'{name} holds a {type(content).__name__}, expected a checkpoint: '
            'a dict with a state_dict'
        )
    meta = content.get('meta') or {}
    if not isinstance(meta, Mapping):
        raise CheckpointError(
            f'{name}: its meta must be a dict, got {type(meta).__name__}'
        )
    return meta


def _colour_differences(
    have: InputContract, want: InputContract
) -> list[Difference]:
    """Return what makes features wrong."""
    return [one for one in differences(have, want) if one.is_colour]


def _adapt(
    cfg: Config, have: InputContract, want: InputContract, name: str
) -> None:
    """Change the config's colours to a checkpoint's, or refuse."""
    flip = _flip(cfg)
    if not cfg.get('adapt_inputs') or flip is None:
        raise _refusal(cfg, have, want, name)
    given = preprocessor_of_config(cfg)
    mean, std = want.colours()
    given.update(mean=list(mean), std=list(std))
    given[flip] = want.channel_order == 'bgr'
    cfg.model.data_preprocessor = given
    MMLogger.get_current_instance().warning(
        'ADAPTED INPUTS to those of %s: before %s, now %s',
        name,
        _colours(have),
        _colours(contract_of_config(cfg)),
    )


def _flip(cfg: Config) -> str | None:
    """Return the flag of a preprocessor; None if it cannot be changed."""
    given = preprocessor_of_config(cfg)
    if given.get('mean') is None:
        return None  # MMAction2's would also need to know the axes
    return FLIPS.get(str(given['type']).rpartition('.')[2])


def _refusal(
    cfg: Config, have: InputContract, want: InputContract, name: str
) -> CheckpointError:
    """Say what both colours are, and the two ways out."""
    named = ', '.join(one.name for one in _colour_differences(have, want))
    flip = _flip(cfg)
    how = (
        'or let the run do so: --cfg-options adapt_inputs=True'
        if flip
        else 'by hand: adapt_inputs does not know how to'
    )
    mean, std = (
        '[' + ', '.join(f'{x:.6g}' for x in values) + ']'
        for values in want.colours()
    )
    order = f', {flip}={want.channel_order == "bgr"}' if flip else ''
    return CheckpointError(
        f'{name} was trained on {_colours(want)}, but this config shows it '
        f'{_colours(have)} (other {named}), and features would be wrong. Set '
        f'model.data_preprocessor to mean={mean}, std={std}{order}, {how}'
    )


def _colours(contract: InputContract) -> str:
    """Say the colours of a contract, on the scale 0..255."""
    mean, std = (
        '(' + ', '.join(f'{x:.6g}' for x in values) + ')'
        for values in contract.colours()
    )
    return f'{contract.channel_order.upper()}, mean {mean}, std {std}'
