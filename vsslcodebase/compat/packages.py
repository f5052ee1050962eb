"""mmcv and mmaction2 as installed: a clear word where one of them is unfit.

PyPI's mmaction2 1.2.0 wheel lacks ``mmaction/models/localizers/drn`` (the
directory has no ``__init__.py``, so setuptools skipped it), and with it
``import mmaction.models`` fails. A localizer is nothing this project needs.
"""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

DRN_PACKAGE = 'mmaction.models.localizers.drn'


def require_mmcv() -> None:
    """Refuse to go on without an mmcv that mmaction2 accepts.

    mmcv is no hard requirement of ours: ``mmcv`` and ``mmcv-lite`` install
    the same files and must not meet, so only the user can choose.

    Raises:
        ImportError: if no mmcv is importable, or mmaction2 refuses it.
    """
    if find_spec('mmcv') is None:
        raise ImportError(
            'vsslcodebase needs mmcv and none is installed: install mmcv, or '
            'without its compiled operators `pip install vsslcodebase[lite]`'
        )
    # the rest of mmcv-lite, of which we use nothing, is said to be missing
    warnings.filterwarnings('ignore', 'Fail to import ``MultiScaleDeformable')
    try:
        import_module('mmaction')
    except AssertionError as error:  # mmaction2's check of both versions
        raise ImportError(
            f'the installed mmaction2 refuses its companions: {error} '
            '(for mmcv: `pip install vsslcodebase[lite]`)'
        ) from error


class MissingDRN:
    """Stands for mmaction2's DRN where the wheel lost its source."""

    def __init__(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse, whatever the arguments."""
        raise ImportError(
            'this mmaction2 was installed from a wheel without the DRN '
            'localizer; install mmaction2 from source to use DRN'
        )


def stub_missing_drn() -> bool:
    """Put a stub in the place of the DRN package that the wheel lost.

    The directory is looked for, not the module: asking for the spec of a
    submodule would import its parents, which is what fails.

    Returns:
        Whether a stub stands in after the call.
    """
    if DRN_PACKAGE in sys.modules:
        return isinstance(sys.modules[DRN_PACKAGE], _Stub)
    spec = find_spec('mmaction')
    roots = (spec and spec.submodule_search_locations) or []
    if any((Path(root) / 'models/localizers/drn').is_dir() for root in roots):
        return False
    package, module = _Stub(DRN_PACKAGE), _Stub(f'{DRN_PACKAGE}.drn')
    package.__path__ = []
    package.__dict__['drn'] = module
    module.__dict__['DRN'] = type('DRN', (MissingDRN,), {})
    sys.modules[package.__name__] = package
    sys.modules[module.__name__] = module
    return True


class _Stub(ModuleType):
    """A module of ours under an upstream name."""
