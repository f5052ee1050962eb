"""Peers whose files hold one of several networks."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from vsslcodebase.checkpoints.input_contract import InputContract

from .renaming import Imported, Rule, rename, with_width


class Variant(NamedTuple):
    """One of a peer's networks.

    Attributes:
        rules: From its names to ours.
        backbone: Config of our network, 64 channels wide.
        stem: Our key of the tensor that is as long as the network is wide.
        contract: What it was trained to see.
    """

    rules: list[Rule]
    backbone: dict[str, Any]
    stem: str
    contract: InputContract


def add_variant(
    parser: argparse.ArgumentParser, variants: Mapping[str, Variant]
) -> None:
    """Add ``--variant`` with the names of a peer's networks."""
    parser.add_argument(
        '--variant',
        choices=list(variants),
        help='which network IN must hold; default: the one it holds',
    )


def import_variant(
    path: str | Path,
    state: Mapping[str, Tensor],
    variants: Mapping[str, Variant],
    found: str | None,
    wanted: str | None,
    source: str,
) -> Imported:
    """Rename the tensors of one of several networks.

    Args:
        path: The peer's file, to be named in errors.
        state: What it holds.
        variants: The peer's networks by name.
        found: Which one the tensors are of; None if they are of none.
        wanted: Which one they shall be of; None for any.
        source: The peer.

    Raises:
        ValueError: They are of another network, or of none; or a key is not
            known.
    """
    if wanted is not None and wanted not in variants:
        raise ValueError(
            f'variant must be one of {", ".join(variants)}, got {wanted!r}'
        )
    if wanted and found and wanted != found:
        raise ValueError(
            f'{path} holds the network {found}, expected {wanted}; give '
            f'--variant {found}, or leave it out'
        )
    if found is None:
        # A rule for every key of all these, so that the error names those
        # that are of none.
        everything = [r for v in variants.values() for r in v.rules]
        rename(state, everything, str(path))
        raise ValueError(
            f'{path} holds none of {", ".join(variants)}: it lacks their '
            f'first convolution; its keys are {", ".join(list(state)[:5])}...'
        )
    variant = variants[found]
    renamed, left_out = rename(state, variant.rules, str(path))
    backbone = with_width(variant.backbone, renamed, variant.stem)
    return Imported(renamed, backbone, variant.contract, source, left_out)
