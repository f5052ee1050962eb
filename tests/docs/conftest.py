"""Tests here import what ``tools/docs`` has, and share one built site."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from config_files import ROOT

sys.path.insert(0, str(ROOT / 'tools' / 'docs'))


class Built(NamedTuple):
    """A built site, and what mkdocs had to say against it."""

    folder: Path
    warnings: list[str]


class Listener(logging.Handler):
    """Keeps warnings and errors."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@pytest.fixture(scope='session')
def built(tmp_path_factory):
    """The documentation as ``make docs`` builds it, warnings apart."""
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    folder = tmp_path_factory.mktemp('docs') / 'site'
    config = load_config(str(ROOT / 'mkdocs.yml'), site_dir=str(folder))
    listener = Listener()
    logging.getLogger('mkdocs').addHandler(listener)
    try:
        config.plugins.on_startup(command='build', dirty=False)
        build(config)
        config.plugins.on_shutdown()
    finally:
        logging.getLogger('mkdocs').removeHandler(listener)
    return Built(folder, listener.said)


@pytest.fixture
def site(built):
    """The folder of the built site."""
    return built.folder
