"""Tests here import what ``tools/docs`` has, and share one built site."""

from __future__ import annotations

import sys

import pytest
from config_files import ROOT

sys.path.insert(0, str(ROOT / 'tools' / 'docs'))


@pytest.fixture(scope='session')
def site(tmp_path_factory):
    """The documentation, built as by ``make docs``; warnings are errors."""
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    folder = tmp_path_factory.mktemp('docs') / 'site'
    config = load_config(
        str(ROOT / 'mkdocs.yml'), site_dir=str(folder), strict=True
    )
    config.plugins.on_startup(command='build', dirty=False)
    build(config)
    config.plugins.on_shutdown()
    return folder
