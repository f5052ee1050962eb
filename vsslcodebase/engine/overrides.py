"""``--cfg-options`` that refuse what the config does not know.

mmengine writes any key into a config. A typing error then changes nothing,
and is found, if at all, after a training run. Here a key is known if the
config has it, or if the class named by the ``type`` beside it takes it as an
argument; every other key is refused, and the nearest known one named.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from difflib import SequenceMatcher, get_close_matches
from typing import Any

from mmengine.config import Config, ConfigDict, DictAction
from mmengine.registry import Registry
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from vsslcodebase import registry

# what mmengine builds where a dict has no type
DEFAULT_TYPES = {
    'optim_wrapper': 'OptimWrapper',
    'train_cfg': 'EpochBasedTrainLoop',
    'log_processor': 'LogProcessor',
}
# keys that mmengine takes out before it calls the constructor
CONSUMED = {
    'hook': {'priority'},
    'optim_wrapper': {'constructor', 'paramwise_cfg'},
    'parameter scheduler': {'convert_to_iter_based'},
}
UNTYPED = {
    'randomness': {'seed', 'diff_rank_seed', 'deterministic'},
    'auto_scale_lr': {'enable', 'base_batch_size'},
    'env_cfg': {'cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit'},
}
TOP_LEVEL = {
    'find_unused_parameters',
    'sync_bn',
    'compile',
    'model_wrapper_cfg',
    'activation_checkpointing',
    'adapt_inputs',
    'partial_load',
    'efficient_conv_bn_eval',
}
LOADER = {'sampler', 'batch_sampler', 'worker_init_fn', 'num_batch_per_epoch'}
# dicts that a function takes as **kwargs: their keys cannot be known
FREE = {'clip_grad', 'custom_keys', 'paramwise_cfg', 'dist_cfg', 'mp_cfg'}


class OverrideError(ValueError):
    """A ``--cfg-options`` key that leads nowhere."""


class OverrideAction(DictAction):
    """mmengine's ``KEY=VALUE`` options, with paths left as they are typed."""

    @staticmethod
    def _parse_iterable(val: str) -> Any:
        """Parse one value; mmengine deletes all spaces, also from paths."""
        text = val.strip('\'"')
        if ',' in text or text[:1] in {'(', '['}:
            return DictAction._parse_iterable(val)
        return DictAction._parse_int_float_bool(text)


def apply_overrides(cfg: Config, options: dict[str, Any]) -> None:
    """Write options into a config, in place; all or none.

    Args:
        cfg: any of this project's configs.
        options: values by dotted key, ``model.head.temperature`` or, with
            list indices, ``train_dataloader.dataset.pipeline.1.num_clips``.

    Raises:
        OverrideError: for a key that is not known, naming the nearest one.
    """
    for key in options:
        _check(cfg, key, options)
    for key, value in options.items():
        _assign(cfg, key.split('.'), value)


def _check(cfg: Config, key: str, options: dict[str, Any]) -> None:
    """Follow a dotted key from the root and raise where it leaves."""
    node: Any = cfg
    parts = key.split('.')
    for depth, part in enumerate(parts):
        path = parts[:depth]
        if path and path[-1] in FREE:
            return
        if isinstance(node, (list, tuple)):
            node = _item(node, key, depth)
            continue
        if node is None:  # a dict to be
            node = {}
        if not isinstance(node, (dict, Config)):
            here = '.'.join(path)
            raise OverrideError(f'{key}: {here} is {node!r} and has no keys')
        known = _known_keys(node, path, options)
        if part not in known:
            raise OverrideError(_refusal(cfg, key, depth, known))
        node = node.get(part)


def _item(node: list | tuple, key: str, depth: int) -> Any:
    """Return the element of a list that a part of a key names."""
    parts = key.split('.')
    here, part = '.'.join(parts[:depth]), parts[depth]
    if not part.isdigit() or int(part) >= len(node):
        raise OverrideError(
            f'{key}: {here} is a list of {len(node)}, so {part!r} must be an '
            f'index from 0 to {len(node) - 1}'
        )
    if isinstance(node, tuple) and depth == len(parts) - 1:
        whole = str(node).replace(' ', '')
        raise OverrideError(
            f'{key}: {here} is a tuple, set it as a whole: "{here}={whole}"'
        )
    return node[int(part)]


def _known_keys(
    node: dict | Config, path: list[str], options: dict[str, Any]
) -> set[str]:
    """Return the keys of a dict and those that it may take on."""
    known = {key for key in node if isinstance(key, str)}
    if not path:
        return known | TOP_LEVEL | set(inspect.signature(Runner).parameters)
    name = path[-1]
    default = DEFAULT_TYPES.get(name)
    chosen = options.get(f'{".".join(path)}.type', node.get('type', default))
    if isinstance(chosen, str):
        known |= {'type'} | _arguments_of_type(chosen)
    if not node:
        known.add('type')
    if name.endswith('_dataloader'):
        known |= LOADER | set(inspect.signature(DataLoader).parameters)
    return known | UNTYPED.get(name, set())


def _arguments_of_type(name: str) -> set[str]:
    """Return what the registered class of that name takes, in any registry."""
    found: set[str] = set()
    for node in vars(registry).values():
        cls = node.get(name) if isinstance(node, Registry) else None
        if cls is not None:
            found |= arguments(cls) | CONSUMED.get(node.name, set())
    return found


def arguments(cls: Any) -> set[str]:
    """Return the names a constructor accepts.

    A constructor with ``**kwargs`` hands them to its parent's, so the
    parents are asked until one takes no more.
    """
    if not inspect.isclass(cls):
        return set(inspect.signature(cls).parameters)
    names: set[str] = set()
    for base in cls.__mro__:
        init = vars(base).get('__init__')
        if init is None or base is object:
            continue
        parameters = inspect.signature(init).parameters.values()
        kinds = {p.kind for p in parameters}
        names |= {
            p.name
            for p in parameters
            if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
        }
        if inspect.Parameter.VAR_KEYWORD not in kinds:
            break
    return names - {'self'}


def _refusal(cfg: Config, key: str, depth: int, known: set[str]) -> str:
    """Say what is unknown, and which known key was probably meant."""
    where = '.'.join(key.split('.')[:depth]) or 'the config'
    guess = _nearest(cfg, key, depth, known)
    hint = f'; did you mean {guess}?' if guess else '.'
    return (
        f'unknown key {key}{hint} Known in {where}: {", ".join(sorted(known))}'
    )


def _nearest(cfg: Config, key: str, depth: int, known: set[str]) -> str | None:
    """Return the known key most like one that is wrong at ``depth``."""
    parts = key.split('.')
    present = list(_dotted_keys(cfg))
    beside = get_close_matches(parts[depth], known, n=1)
    if beside:
        guess = '.'.join([*parts[:depth], beside[0], *parts[depth + 1 :]])
        if guess in present or depth == len(parts) - 1:
            return guess
    for cutoff in (1.0, 0.6):  # the same name, or one like it, elsewhere
        like = [k for k in present if _alike(k, parts[-1], cutoff)]
        if like:
            return get_close_matches(key, like, n=1, cutoff=0.0)[0]
    return None


def _alike(key: str, name: str, cutoff: float) -> bool:
    """Whether the last part of a dotted key is like a name."""
    last = key.rpartition('.')[2]
    return SequenceMatcher(None, last, name).ratio() >= cutoff


def _dotted_keys(node: Any, prefix: str = '') -> Iterator[str]:
    """Yield the dotted key of every value in a config."""
    if isinstance(node, (dict, Config)):
        pairs = list(node.items())
    elif isinstance(node, list):
        pairs = list(enumerate(node))
    else:
        return
    for name, child in pairs:
        yield f'{prefix}{name}'
        yield from _dotted_keys(child, f'{prefix}{name}.')


def _assign(cfg: Config, parts: list[str], value: Any) -> None:
    """Set one value, making the dicts on the way that are absent or None."""
    node: Any = cfg
    for part in parts[:-1]:
        if isinstance(node, (list, tuple)):
            node = node[int(part)]
            continue
        if node.get(part) is None:
            node[part] = ConfigDict()
        node = node[part]
    if isinstance(node, list):
        node[int(parts[-1])] = value
    else:
        node[parts[-1]] = value
