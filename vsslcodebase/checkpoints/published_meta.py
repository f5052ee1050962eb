"""What a published file says about its weights, and whether it can be.

Plain data alone, so that any torch reads it without running anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from vsslcodebase.checkpoints.input_contract import InputContract
from vsslcodebase.checkpoints.provenance import versions as installed_versions

FORMAT = 'vsslcodebase'
FORMAT_VERSION = 1
KINDS = ('model', 'backbone')
# What says where to start from and what to train is no part of a network
NOT_NETWORK = {'init_cfg', 'pretrained', 'frozen'}
META: dict[str, tuple[type, ...]] = dict(
    format=(str,),
    format_version=(int,),
    kind=(str,),
    name=(str,),
    method=(str,),
    config_text=(str,),
    backbone=(dict,),
    input_contract=(dict,),
    versions=(dict,),
    epoch=(int, type(None)),
    iter=(int, type(None)),
    seed=(int, type(None)),
    provenance=(dict, type(None)),
    source=(str,),
)


def published_meta(
    *,
    kind: str,
    name: str,
    method: str,
    backbone: Mapping[str, Any],
    contract: InputContract,
    source: str,
    config_text: str = '',
    versions: Mapping[str, str | None] | None = None,
    epoch: int | None = None,
    iteration: int | None = None,
    seed: int | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the ``meta`` of a published file.

    Args:
        kind: 'model', all that a config builds, or 'backbone'.
        name: Stem of the config, or what the peer calls the weights.
        method: Such as 'moco'.
        backbone: Config of the backbone; ``plain_backbone`` is applied.
        contract: How clips went into the network.
        source: 'trained', or the name of the peer they were imported from.
        config_text: The whole config as text; it is shown, never run.
        versions: Of the packages that it was made with; default those
            installed.
        epoch: Epochs trained.
        iteration: Steps trained.
        seed: Of the run.
        provenance: As ``zoo.provenance`` has it.
    """
    return dict(
        format=FORMAT,
        format_version=FORMAT_VERSION,
        kind=kind,
        name=name,
        method=method,
        config_text=config_text,
        backbone=plain_backbone(backbone),
        input_contract=contract.to_dict(),
        versions=plain(versions or installed_versions()),
        epoch=epoch,
        iter=iteration,
        seed=seed,
        provenance=plain(provenance) if provenance is not None else None,
        source=source,
    )


def backbone_meta(
    name: str,
    backbone: Mapping[str, Any],
    contract: InputContract,
    source: str,
) -> dict[str, Any]:
    """Return the ``meta`` of a backbone that was trained elsewhere.

    Args:
        name: What the peer calls the weights.
        backbone: Config of our network that they fit.
        contract: How clips went into it.
        source: Name of the peer.
    """
    return published_meta(
        kind='backbone',
        name=name,
        method='imported',
        backbone=backbone,
        contract=contract,
        source=source,
    )


def is_published(content: Any) -> bool:
    """Whether what was read from a file calls itself ours."""
    meta = content.get('meta') if isinstance(content, Mapping) else None
    return isinstance(meta, Mapping) and meta.get('format') == FORMAT


def check_meta(meta: Any) -> InputContract:
    """Check the ``meta`` of a published file.

    Returns:
        Its contract.

    Raises:
        ValueError: Naming the key, what was got and what was expected.
    """
    missing = [key for key in META if key not in meta]
    if missing:
        raise ValueError(f'meta has no {", ".join(missing)}')
    for key, types in META.items():
        if not isinstance(meta[key], types) or isinstance(meta[key], bool):
            expected = ' or '.join(
                'None' if kind is type(None) else kind.__name__
                for kind in types
            )
            got = f'{type(meta[key]).__name__} {str(meta[key])[:60]!r}'
            raise ValueError(f'meta.{key} must be {expected}, got {got}')
    if meta['format_version'] != FORMAT_VERSION:
        raise ValueError(
            f'meta.format_version is {meta["format_version"]}, and this '
            f'release reads {FORMAT_VERSION}; a later one may read it'
        )
    if meta['kind'] not in KINDS:
        raise ValueError(
            f'meta.kind must be one of {", ".join(KINDS)}, got {meta["kind"]}'
        )
    if not isinstance(meta['backbone'].get('type'), str):
        raise ValueError(
            'meta.backbone must be a config with a type, got '
            f'{str(meta["backbone"])[:100]}'
        )
    plain(meta)
    return InputContract.from_dict(meta['input_contract'])


def check_state(state: Any) -> None:
    """Check that a state dict is one, and finite.

    Raises:
        ValueError: Naming the key.
    """
    if not isinstance(state, Mapping) or not state:
        raise ValueError(
            'state_dict must be a dict of tensors, got '
            f'{type(state).__name__} {str(state)[:60]!r}'
        )
    for key, value in state.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise ValueError(
                f'state_dict holds {key!r}: {type(value).__name__}, expected '
                'a tensor'
            )
        if not bool(torch.isfinite(value).all()):
            raise ValueError(
                f'{key} of state_dict is not finite; weights with NaN or '
                'infinity are of no use'
            )


def plain_backbone(backbone: Mapping[str, Any]) -> dict[str, Any]:
    """Return a backbone's config as plain data, for the network alone.

    Without ``init_cfg``, ``pretrained`` and ``frozen``, at any depth.
    """
    return plain(_network_only(backbone))


def plain(value: Any, name: str = 'meta') -> Any:
    """Return a copy in dict, list, str, numbers, bool and None; of no others.

    Raises:
        ValueError: Naming where something else is.
    """
    if isinstance(value, Mapping):
        return {str(k): plain(v, f'{name}.{k}') for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        items = (plain(v, f'{name}.{i}') for i, v in enumerate(value))
        return tuple(items) if isinstance(value, tuple) else list(items)
    if value is None or type(value) in (str, int, float, bool):
        return value
    raise ValueError(
        f'{name} must be plain data (str, numbers, bool, None, lists and '
        f'dicts), got {type(value).__name__}'
    )


def _network_only(node: Any) -> Any:
    """Leave out the keys that are not about the network."""
    if isinstance(node, Mapping):
        return {
            key: _network_only(value)
            for key, value in node.items()
            if key not in NOT_NETWORK
        }
    if isinstance(node, (list, tuple)):
        return type(node)(_network_only(value) for value in node)
    return node
