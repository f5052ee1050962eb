"""Build script: metadata, and a copy of configs and tools into the wheel.

``configs/``, ``tools/`` and ``model-index.yml`` travel as
``vsslcodebase/.mim/`` (the layout that ``mim`` looks for), copied while
building, so that the source tree stays clean.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
CARRIED = ('configs', 'tools', 'model-index.yml')


def read_requirements(name: str) -> list[str]:
    """Return the requirement lines of ``requirements/<name>.txt``."""
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text().splitlines()
    return [line for line in lines if line and not line.startswith('#')]


def read_version() -> str:
    """Return ``__version__`` without importing the package."""
    text = (ROOT / 'vsslcodebase' / 'version.py').read_text()
    match = re.search(r"__version__ = '([^']+)'", text)
    if match is None:
        raise RuntimeError('vsslcodebase/version.py has no __version__')
    return match.group(1)


class BuildWithConfigs(build_py):
    """Copy what users run, beside what they import, into the wheel."""

    def run(self) -> None:
        """Build as usual, then fill ``vsslcodebase/.mim``."""
        super().run()
        if self.editable_mode:
            return  # an editable install reads the checkout itself
        target = Path(self.build_lib) / 'vsslcodebase' / '.mim'
        ignore = shutil.ignore_patterns('__pycache__', '*.pyc')
        for name in CARRIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(
                    source, target / name, ignore=ignore, dirs_exist_ok=True
                )
            elif source.is_file():
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target / name)


setup(
    name='vsslcodebase',
    version=read_version(),
    description='Self-supervised video representation learning on mmengine',
    long_description=(ROOT / 'README.md').read_text(),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    python_requires='>=3.11',
    packages=find_packages(include=['vsslcodebase', 'vsslcodebase.*']),
    package_data={
        'vsslcodebase': [
            'py.typed',
            'datasets/splits.json',
            'demo/report.html',
            'visualization/probe_report.html',
            'visualization/time_slider.html',
            'zoo/page.template',
        ]
    },
    cmdclass={'build_py': BuildWithConfigs},
    install_requires=read_requirements('runtime'),
    extras_require={
        name: read_requirements(name)
        for name in ('lite', 'dev', 'vis', 'export', 'docs')
    },
)
