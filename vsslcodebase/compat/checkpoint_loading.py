"""Reading checkpoints without running the code they may carry.

Since torch 2.6, ``torch.load`` refuses every pickled object that is not on
its short list. mmengine 0.10.7 stores its message hub (``HistoryBuffer``,
numpy scalars and arrays) in each checkpoint and thus can neither resume nor
test its own files; later releases fall back to running the pickle. Here those
few harmless types are added to torch's list, and nothing else.
"""

from __future__ import annotations

import logging
import pickle
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import torch
from mmengine import dist
from mmengine.logging import HistoryBuffer, print_log
from mmengine.runner import checkpoint as upstream


class CheckpointError(RuntimeError):
    """A file is no readable checkpoint, or asks for more than data."""


def load_checkpoint(
    path: str | Path, map_location: Any = 'cpu', mmap: bool = False
) -> Any:
    """Read a checkpoint of this project, mmengine or plain torch.

    Args:
        path: a local file.
        map_location: as in ``torch.load``.
        mmap: leave tensors in the file until they are used, for a look at
            what else is in it. Not for a file that may be overwritten.

    Returns:
        The stored object, for mmengine's files a dict with ``state_dict``.

    Raises:
        FileNotFoundError: if there is no such file.
        CheckpointError: if the file is damaged, or contains an object beyond
            tensors, numpy values, plain containers and ``HistoryBuffer``.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise FileNotFoundError(f'no checkpoint file at {file}')
    # files of torch before 1.6 are no archives, and cannot be mapped
    options = dict(mmap=True) if mmap and zipfile.is_zipfile(file) else {}
    return _read(
        str(file),
        lambda: torch.load(
            file, map_location, weights_only=CAN_ALLOW, **options
        ),
    )


def load_from_url(
    url: str,
    map_location: Any = None,
    model_dir: str | None = None,
    progress: bool = True,
) -> Any:
    """Read a checkpoint by its address; mmengine's signature.

    It is downloaded once, by the first process, and kept.

    Args:
        url: where it is.
        map_location: as in ``torch.load``.
        model_dir: where it is kept; by default torch's own folder.
        progress: show the download.

    Returns:
        As :func:`load_checkpoint`.

    Raises:
        CheckpointError: as there.
    """
    if not dist.is_main_process():
        dist.barrier()
    try:
        return _read(
            url,
            lambda: torch.hub.load_state_dict_from_url(
                url, model_dir, map_location, progress, weights_only=True
            ),
        )
    finally:
        if dist.is_main_process():
            dist.barrier()


def _read(name: str, read: Callable[[], Any]) -> Any:
    """Read under the restriction; name the file in what goes wrong."""
    try:
        with allowed_globals():
            return read()
    except pickle.UnpicklingError as error:
        if 'Unsupported operand' in str(error):  # bytes that mean nothing
            raise CheckpointError(
                f'{name} is no file of torch; is it text, or a web page that '
                'says why a download failed?'
            ) from error
        raise CheckpointError(
            f'{name} was refused: {_reason(error)}. A checkpoint may hold '
            'data only, and this one asks to run code. If its source is to be '
            'trusted, read it with torch.load(..., weights_only=False) and '
            'save its state_dict alone'
        ) from error
    except Exception as error:  # a damaged pickle fails in any way
        if isinstance(error, OSError) and not _is_of_damage(error):
            raise
        raise CheckpointError(
            f'{name} cannot be read as a checkpoint: {_reason(error)}. Was it '
            'cut off while it was written?'
        ) from error


def _is_of_damage(error: OSError) -> bool:
    """Whether the system refused what a cut archive made torch ask for.

    What is wrong with the file or the network itself has a class of its own,
    or names the file.
    """
    return type(error) is OSError and error.filename is None


def mend_checkpoint_loading() -> bool:
    """Make mmengine read files and addresses with the functions above.

    Returns:
        Whether torch can be told what to allow (2.5 and later). Before, it
        read everything by default and nothing was broken.
    """
    if CAN_ALLOW:
        register = upstream.CheckpointLoader.register_scheme
        register(prefixes='', loader=_load_for_mmengine, force=True)
        register(
            prefixes=('http://', 'https://'), loader=load_from_url, force=True
        )
        upstream.load_from_http = load_from_url  # torchvision:// and others
    return CAN_ALLOW


def allowed_globals() -> AbstractContextManager:
    """Let torch unpickle what mmengine stores, inside this context."""
    if not CAN_ALLOW:
        print_log(
            'this torch cannot restrict what a checkpoint may run; read '
            'only files from sources you trust',
            logger='current',
            level=logging.WARNING,
        )
        return nullcontext()
    return torch.serialization.safe_globals(_harmless())


CAN_ALLOW = hasattr(torch.serialization, 'safe_globals')


def _load_for_mmengine(filename: str, map_location: Any = None) -> Any:
    """Read with the signature of mmengine's loaders."""
    return load_checkpoint(filename, map_location)


def _harmless() -> list[Callable | tuple[Callable, str]]:
    """Return the types and functions of mmengine's message hub.

    Names are spelled out where they differ between numpy 1 and 2, so that
    each reads the other's files. The object and void types of numpy, which
    could carry anything, are left out.
    """
    kinds = (np.bool_, np.integer, np.floating, np.str_)
    dtypes = {
        type(np.dtype(scalar))
        for scalar in set(np.sctypeDict.values())
        if issubclass(scalar, kinds)
    }
    multiarray = np.zeros(0).__reduce__()[0].__module__
    scalar, reconstruct = (
        np.float64(0).__reduce__()[0],
        np.zeros(0).__reduce__()[0],
    )
    named = [
        (function, f'{module}.{name}')
        for module in (
            multiarray,
            'numpy._core.multiarray',
            'numpy.core.multiarray',
        )
        for function, name in (
            (scalar, 'scalar'),
            (reconstruct, '_reconstruct'),
        )
    ]
    return [
        HistoryBuffer,
        np.ndarray,
        np.dtype,
        *dtypes,
        *named,
        (_history_method, 'builtins.getattr'),
    ]


def _history_method(owner: Any, name: str) -> FunctionType:
    """Stand for ``getattr``, which pickle asks for to name a method.

    Raises:
        pickle.UnpicklingError: for anything but a method of HistoryBuffer.
    """
    method = vars(HistoryBuffer).get(name) if owner is HistoryBuffer else None
    if not isinstance(method, FunctionType) or name.startswith('_'):
        raise pickle.UnpicklingError(
            f'it looks up attribute {name!r} of {owner!r}'
        )
    return method


def _reason(error: BaseException) -> str:
    """Return what went wrong, without torch's advice to load unsafely."""
    cause = error.__context__ if error.__context__ is not None else error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    return lines[0].split('. ')[0].rstrip('.') if lines else repr(cause)
