"""The package as users get it: a built wheel, imported from elsewhere."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import vsslcodebase

ROOT = Path(__file__).resolve().parents[1]

IMPORT_ALL = """
import importlib, pkgutil, sys
import vsslcodebase
assert {inside!r} in vsslcodebase.__file__, vsslcodebase.__file__
names = [m.name for m in pkgutil.walk_packages(
    vsslcodebase.__path__, 'vsslcodebase.')]
for name in names:
    importlib.import_module(name)
print(len(names))
"""


@pytest.fixture(scope='module')
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp('wheel')
    subprocess.run(
        [
            sys.executable,
            '-m',
            'pip',
            'wheel',
            '-q',
            '--no-deps',
            '--no-build-isolation',
            '-w',
            str(target),
            str(ROOT),
        ],
        check=True,
        cwd=target,
    )
    return next(target.glob('vsslcodebase-*.whl'))


@pytest.mark.slow
def test_wheel_carries_every_config_and_tool(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(
        ['git', 'ls-files', 'configs', 'tools', 'vsslcodebase'],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    expected = set()
    for name in tracked.stdout.splitlines():
        prefix = (
            '' if name.startswith('vsslcodebase/') else ('vsslcodebase/.mim/')
        )
        expected.add(prefix + name)
    assert expected
    assert expected - inside == set()


@pytest.mark.slow
def test_every_module_imports_from_the_wheel(
    wheel: Path, tmp_path: Path
) -> None:
    # unpacked outside the checkout, so that nothing of it can help
    zipfile.ZipFile(wheel).extractall(tmp_path / 'site')
    script = IMPORT_ALL.format(inside=str(tmp_path / 'site'))
    run = subprocess.run(
        [sys.executable, '-c', script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={'PYTHONPATH': str(tmp_path / 'site'), 'PATH': '/usr/bin:/bin'},
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout.split()[-1]) > 20


def test_what_packages_name_is_there() -> None:
    packages = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(
            vsslcodebase.__path__, 'vsslcodebase.'
        )
        if module.ispkg
    ]
    assert len(packages) > 10
    missing = [
        f'{package.__name__}.{name}'
        for package in packages
        for name in getattr(package, '__all__', [])
        if not hasattr(package, name)
    ]
    assert missing == []
