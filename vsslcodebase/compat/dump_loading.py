"""Reading dumped predictions without running the code they may carry.

mmengine's ``DumpResults`` (``tools/test.py --dump``) writes a pickle, and a
pickle may call anything. Predictions are tensors, numbers and plain
containers: whatever else a file names is refused before it is looked up.
"""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import torch

from .checkpoint_loading import CheckpointError

# what tensors, arrays and numpy's numbers are pickled as, by module and name
_HARMLESS = {
    ('collections', 'OrderedDict'),
    ('torch._utils', '_rebuild_tensor_v2'),
    ('numpy', 'ndarray'),
    ('numpy', 'dtype'),
    *(
        (module, name)
        for module in ('numpy._core.multiarray', 'numpy.core.multiarray')
        for name in ('_reconstruct', 'scalar')
    ),
    ('numpy._core.numeric', '_frombuffer'),
    ('numpy.core.numeric', '_frombuffer'),
}


def load_dump(path: str | Path) -> Any:
    """Read what ``DumpResults`` wrote.

    Returns:
        The stored object, a list with a dict of each sample.

    Raises:
        FileNotFoundError: There is no such file.
        CheckpointError: It is damaged, or names more than tensors, arrays
            and plain containers.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise FileNotFoundError(f'no dumped predictions at {file}')
    try:
        with file.open('rb') as stream:
            return _DataUnpickler(stream).load()
    except _RefusedError as error:
        raise CheckpointError(
            f'{file} was refused: {error}. A dump may hold data only, and '
            'this one asks to run code'
        ) from None
    except OSError:
        raise
    except Exception as error:  # a damaged pickle fails in any way
        raise CheckpointError(
            f'{file} cannot be read as dumped predictions '
            f'({type(error).__name__}: {error})'
        ) from error


class _RefusedError(pickle.UnpicklingError):
    """A pickle names what is not data."""


class _DataUnpickler(pickle.Unpickler):
    """Build tensors, arrays and plain containers, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """Return what a pickle names, if it is harmless."""
        if (module, name) in _STAND_INS:
            return _STAND_INS[module, name]
        if (module, name) not in _HARMLESS:
            raise _RefusedError(f'it names {module}.{name}')
        return super().find_class(module, name)


def _load_storage(content: bytes) -> Any:
    """Stand for torch's function, which reads the numbers of a tensor.

    That one would unpickle them without any restriction.
    """
    return torch.load(io.BytesIO(content), weights_only=True)


def _encode_bytes(text: str, encoding: str) -> bytes:
    """Stand for ``_codecs.encode``, as which old protocols store bytes.

    Raises:
        pickle.UnpicklingError: For any other use of it.
    """
    if not isinstance(text, str) or encoding != 'latin1':
        raise _RefusedError(f'it encodes as {encoding!r}')
    return text.encode('latin1')


_STAND_INS = {
    ('torch.storage', '_load_from_bytes'): _load_storage,
    ('_codecs', 'encode'): _encode_bytes,
}
