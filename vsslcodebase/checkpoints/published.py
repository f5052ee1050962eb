"""A published checkpoint: weights, and what one has to know to use them.

The file is ``dict(meta=..., state_dict=...)`` of tensors and plain data, so
``torch.load(path, weights_only=True)`` reads it anywhere. Its name ends with
the first digits of its own SHA-256, so that a damaged or exchanged file
is noticed.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Mapping
from datetime import date as calendar
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.model import revert_sync_batchnorm
from torch import Tensor, nn

from vsslcodebase.checkpoints.input_contract import InputContract
from vsslcodebase.checkpoints.published_meta import (
    FORMAT,
    backbone_meta,
    check_meta,
    check_state,
    is_published,
    plain,
    plain_backbone,
    published_meta,
)
from vsslcodebase.checkpoints.registered_types import check_types
from vsslcodebase.compat import CheckpointError, load_checkpoint
from vsslcodebase.models.backbones.pretrained import load_strictly
from vsslcodebase.models.build import build_part

__all__ = [
    'Published',
    'backbone_meta',
    'build_backbone',
    'plain_backbone',
    'published_meta',
    'read_published',
    'verify_name',
    'write_published',
]
PREFIX = 'backbone.'  # of a backbone's keys in a file of a whole model
NAME = re.compile(
    r'(?P<stem>.+)_(?P<date>\d{8})-(?P<sha>[0-9a-f]{8})\.pth', re.ASCII
)
STEM = re.compile(r'[A-Za-z0-9][A-Za-z0-9._+-]*')


class Published(NamedTuple):
    """A published file.

    Attributes:
        path: Where it is.
        state: Key to tensor; keys of a 'backbone' have no prefix.
        meta: What ``published_meta`` describes.
        contract: How clips have to go into the network.
    """

    path: Path
    state: dict[str, Tensor]
    meta: dict[str, Any]
    contract: InputContract


def read_published(path: str | Path) -> Published:
    """Read a published file, and check all of it.

    Raises:
        FileNotFoundError: There is none.
        CheckpointError: It is damaged, not of this format, or its name has
            another hash than its content.
    """
    content = load_checkpoint(path)
    path = Path(path).expanduser()
    if not is_published(content):
        raise CheckpointError(
            f'{path} is no published checkpoint of {FORMAT}: it has no meta '
            f'with format={FORMAT!r}. tools/publish_model.py makes one of a '
            'checkpoint of a training, tools/model_converters one of a '
            "peer's file"
        )
    try:
        contract = check_meta(content['meta'])
        check_state(content.get('state_dict'))
    except ValueError as error:
        raise CheckpointError(
            f'{path} is no published checkpoint: {error}'
        ) from error
    verify_name(path)
    return Published(path, content['state_dict'], content['meta'], contract)


def write_published(
    folder: str | Path,
    stem: str,
    state: Mapping[str, Tensor],
    meta: Mapping[str, Any],
    date: str | None = None,
) -> Path:
    """Write ``<stem>_<date>-<hash>.pth``; equal content is left as it is.

    Args:
        folder: Is made if need be.
        stem: Letters, digits and ``._+-``.
        state: Key to tensor, all finite.
        meta: What ``published_meta`` returned.
        date: YYYYMMDD, default today. Not part of the content.

    Returns:
        The path written.

    Raises:
        ValueError: Anything of it cannot be published; or a file of this
            name has another content.
    """
    if not STEM.fullmatch(stem):
        raise ValueError(
            'the name of a published file is made of letters, digits and '
            f'._+-, got {stem!r}'
        )
    date = check_date(date)
    check_meta(meta)
    check_state(state)
    state = {
        # a copy: a slice would take the whole tensor it is of into the file
        key: value.detach().cpu().clone(memory_format=torch.contiguous_format)
        for key, value in state.items()
    }
    buffer = io.BytesIO()  # a file's own name would become part of its hash
    torch.save(dict(meta=plain(meta), state_dict=state), buffer)
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()[:8]
    path = Path(folder).expanduser() / f'{stem}_{date}-{digest}.pth'
    if path.exists():
        if path.read_bytes() != content:
            raise ValueError(
                f'{path} is there with another content, though its name says '
                'the same: remove it, or name another folder'
            )
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f'{path.name}.{os.getpid()}.partial')
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def verify_name(path: str | Path) -> None:
    """Compare the hash in a file's name with its content.

    A file without a hash in its name, because somebody renamed it, passes.

    Raises:
        CheckpointError: They differ.
    """
    path = Path(path).expanduser()
    named = NAME.fullmatch(path.name)
    if named is None:
        return
    with path.open('rb') as file:
        digest = hashlib.file_digest(file, 'sha256').hexdigest()
    if not digest.startswith(named['sha']):
        raise CheckpointError(
            f'{path} is damaged, or not the file it says: its SHA-256 begins '
            f'with {digest[:8]}, its name says {named["sha"]}. Fetch it again'
        )


def build_backbone(published: Published) -> nn.Module:
    """Build the network of a published file, with its weights.

    Returns:
        (N, 3, T, H, W) -> (N, D, t, h, w), in eval mode, for one process.

    Raises:
        CheckpointError: The file describes no network of this version, or
            its weights do not fit it.
    """
    path, state = published.path, published.state
    if published.meta['kind'] == 'model':
        state = {
            key.removeprefix(PREFIX): value
            for key, value in state.items()
            if key.startswith(PREFIX)
        }
    try:
        check_types(published.meta['backbone'])
        backbone = build_part(published.meta['backbone'])
    except Exception as error:  # a network's constructor fails in any way
        raise CheckpointError(
            f'{path} describes a backbone that cannot be built: {error}'
        ) from error
    backbone = revert_sync_batchnorm(backbone)
    try:
        load_strictly(backbone, state, str(path))
    except ValueError as error:
        raise CheckpointError(str(error)) from error
    return backbone.eval()


def check_date(date: str | None) -> str:
    """Return a date as YYYYMMDD, default today's.

    Raises:
        ValueError: There is no such day.
    """
    if date is None:
        return calendar.today().strftime('%Y%m%d')
    try:
        if re.fullmatch(r'\d{8}', date, re.ASCII):
            datetime.strptime(date, '%Y%m%d')
            return date
    except ValueError:
        pass
    raise ValueError(f'a date must be YYYYMMDD, as 20250131, got {date!r}')
