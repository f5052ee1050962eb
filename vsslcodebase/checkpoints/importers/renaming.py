"""From a peer's names of tensors to ours, every key accounted for.

A key that no rule knows is an error: it may well be the part of the network
that makes its features what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from torch import Tensor, nn

from vsslcodebase.checkpoints.input_contract import InputContract
from vsslcodebase.checkpoints.published import backbone_meta, write_published
from vsslcodebase.compat import load_checkpoint
from vsslcodebase.engine.launch import project_root
from vsslcodebase.models.backbones.pretrained import load_strictly, prefixes_of
from vsslcodebase.models.build import build_part

Rule = tuple[str, str | None]

# Keys by which a file says whose it is, and the tool that reads it
PEERS = {
    'from_pyslowfast.py': r'(backbone\.)?s1\.pathway0_stem\.conv\.weight',
    'from_mmaction2.py': r'backbone\.conv1\.conv(_s)?\.weight',
    'from_cvrl.py': r'(.*/)?_?backbone/layer_with_weights-0/kernel.*',
    'from_torchvision.py': r'stem\.0\.weight',
    'from_coclr.py': r'(encoder_q\.0|backbone)\.Conv_1a\.conv1\.weight',
    'from_pace.py': r'conv1\.(temporal_)?spatial_conv\.weight|'
    r'conv3a\.weight|conv_2c\.conv1\.weight',
}


class Imported(NamedTuple):
    """A peer's network in our terms.

    Attributes:
        state: Keys of our backbone, without prefix.
        backbone: Config of the backbone, no ``init_cfg`` in it.
        contract: What the network was trained to see.
        source: Whose it is, 'pyslowfast' for example.
        left_out: Keys of the peer's that are not of the backbone.
    """

    state: dict[str, Tensor]
    backbone: dict[str, Any]
    contract: InputContract
    source: str
    left_out: list[str]


def peer_state(
    path: str | Path, wrappers: Sequence[str] = ('state_dict',)
) -> dict[str, Tensor]:
    """Read a peer's state dict without running what the file may carry.

    Args:
        path: A local file.
        wrappers: Keys under which the peer stores its state dict; the first
            one there is taken, and a file without any is the state dict.

    Returns:
        The tensors, without the 'module.' of ``DataParallel``.

    Raises:
        FileNotFoundError: There is no such file.
        CheckpointError: It is damaged, or asks to run code.
        ValueError: It holds no tensors by name.
    """
    return tensors_of(load_checkpoint(path), path, wrappers)


def tensors_of(
    content: Any, path: str | Path, wrappers: Sequence[str] = ('state_dict',)
) -> dict[str, Tensor]:
    """Take the state dict out of what a file holds; see ``peer_state``.

    Args:
        content: What was read.
        path: What to call the file in an error.
        wrappers: As there.

    Raises:
        ValueError: It holds no tensors by name.
    """
    expected = f'expected a state dict, bare or under {" or ".join(wrappers)}'
    if isinstance(content, Mapping):
        # those of others, too: they are told whose file it is
        known = (*wrappers, 'state_dict', 'model_state', 'model')
        inside = next((w for w in known if w in content), None)
        content = content[inside] if inside else content
    if not isinstance(content, Mapping):
        raise ValueError(
            f'{path} holds a {type(content).__name__}, {expected}'
        )
    state = {
        key: value
        for key, value in content.items()
        if isinstance(key, str) and isinstance(value, Tensor)
    }
    if not state:
        keys = shortened(map(str, content)) or 'none'
        raise ValueError(f'{path} holds no tensors (keys: {keys}), {expected}')
    return without_parallel(state)


def without_parallel(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Take 'module.' off, if every key has it."""
    prefix = 'module.'
    if not all(key.startswith(prefix) for key in state):
        return dict(state)
    return {key.removeprefix(prefix): value for key, value in state.items()}


def rename(
    state: Mapping[str, Tensor], rules: Sequence[Rule], source: str
) -> tuple[dict[str, Tensor], list[str]]:
    r"""Give every tensor our name for it, or leave it out.

    Args:
        state: Tensors in the peer's naming.
        rules: Regular expression of a whole key, and its replacement: a
            template (``r'layer\1.weight'``), or None for what is no part of
            the backbone. The first rule that matches a key holds.
        source: What to call the file in an error.

    Returns:
        Our key to tensor; and the keys that were left out, in order.

    Raises:
        ValueError: A key matches no rule, or two keys get one name.
    """
    renamed: dict[str, Tensor] = {}
    origins: dict[str, str] = {}
    left_out, unknown = [], []
    for key, tensor in state.items():
        found = _first_match(key, rules)
        if found is None:
            unknown.append(key)
            continue
        match, replacement = found
        if replacement is None:
            left_out.append(key)
            continue
        name = match.expand(replacement)
        if name in renamed:
            raise ValueError(
                f'{source}: {origins[name]} and {key} would both become '
                f'{name}; expected one of them'
            )
        renamed[name], origins[name] = tensor, key
    if unknown:
        raise ValueError(_unknown_keys(source, unknown, state, rules))
    return renamed, left_out


def our_backbone(name: str) -> dict[str, Any]:
    """Return the network of ``configs/_base_/backbones/<name>.py``."""
    folder = project_root() / 'configs' / '_base_' / 'backbones'
    return Config.fromfile(folder / f'{name}.py').backbone.to_dict()


def with_width(
    backbone: dict[str, Any],
    state: Mapping[str, Tensor],
    stem: str = 'conv1.conv.weight',
) -> dict[str, Any]:
    """Give a network's config the width that the tensors have.

    Args:
        backbone: Config of the network 64 channels wide.
        state: Tensors in our naming.
        stem: Key of the one that is as long as the network is wide.
    """
    first = state.get(stem)
    if first is None or len(first) == 64:
        return dict(backbone)
    return dict(backbone, base_channels=len(first))


def write_imported(
    imported: Imported,
    folder: str | Path,
    stem: str,
    origin: str | Path | None = None,
) -> Path:
    """Write a published backbone file of a peer's network.

    Args:
        imported: What an importer returned.
        folder: Where to write; made if it is not there.
        stem: Start of the name; date and hash follow.
        origin: The peer's file, to be named in an error.

    Returns:
        The path of the file.

    Raises:
        ValueError: The tensors are not all those of the backbone; the
            message lists the keys.
    """
    backbone = filled_backbone(imported, origin)
    meta = backbone_meta(
        stem, imported.backbone, imported.contract, imported.source
    )
    return write_published(folder, stem, backbone.state_dict(), meta)


def filled_backbone(
    imported: Imported, origin: str | Path | None = None
) -> nn.Module:
    """Build our backbone and load all of it; in eval mode.

    Args:
        imported: What an importer returned.
        origin: The peer's file, to be named in an error.

    Raises:
        ValueError: As ``write_imported``.
    """
    backbone = revert_sync_batchnorm(build_part(imported.backbone))
    load_strictly(backbone, imported.state, str(origin or imported.source))
    return backbone.eval()


def _first_match(
    key: str, rules: Sequence[Rule]
) -> tuple[re.Match[str], str | None] | None:
    """Return the match of the first rule that fits, and its replacement."""
    for pattern, replacement in rules:
        match = re.fullmatch(pattern, key)
        if match is not None:
            return match, replacement
    return None


def _unknown_keys(
    source: str,
    unknown: list[str],
    state: Mapping[str, Tensor],
    rules: Sequence[Rule],
) -> str:
    """Say which keys no rule knows, and whose file it may be."""
    examples = [_example(pattern) for pattern, new in rules if new is not None]
    tools = [
        tool
        for tool, pattern in PEERS.items()
        if any(re.fullmatch(pattern, key) for key in state)
    ]
    hint = (
        f'; it looks like a file for {" or ".join(tools)}'
        if tools and 2 * len(unknown) > len(state)
        else ''
    )
    return (
        f'{source}: {len(unknown)} of {len(state)} keys are not known: '
        f'{shortened(unknown)}{hint}; expected keys like '
        f'{shortened(examples, 3)} ({prefixes_of(state)})'
    )


def _example(pattern: str) -> str:
    """Return about what a pattern matches, for people."""
    for part, instead in (
        (r'\(\?:[^()]*\)\?|_\?', ''),  # what may be absent
        (r'\?P<\w+>', ''),
        (r'\\d[+]?', '0'),
        (r'\(([^()|]*)(\|[^()]*)?\)\??', r'\1'),  # the first alternative
        (r'\\(.)', r'\1'),
        (r'\.\+', '*'),
    ):
        pattern = re.sub(part, instead, pattern)
    return pattern


def shortened(keys: Iterable[str], limit: int = 5) -> str:
    """Name the first few keys and count the rest."""
    names = list(keys)
    rest = f' and {len(names) - limit} more' if len(names) > limit else ''
    return ', '.join(names[:limit]) + rest
