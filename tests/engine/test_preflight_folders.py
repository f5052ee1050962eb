"""Folders of images count as videos that are there."""

from __future__ import annotations

import pytest

from vsslcodebase.engine.preflight import UsageError, check_lists


def test_folders_of_frames_are_looked_for(train_cfg, tmp_path):
    (tmp_path / 'videos' / '100218').mkdir()
    (tmp_path / 'train.txt').write_text('100218 0\n24413 1\n')
    check_lists(train_cfg(), ('train',))
    (tmp_path / 'videos' / '100218').rmdir()
    with pytest.raises(UsageError, match=r'none of the first 2 .*100218'):
        check_lists(train_cfg(), ('train',))


def test_a_list_that_leaves_its_folder_is_refused(train_cfg, tmp_path):
    (tmp_path / 'a.mp4').touch()
    (tmp_path / 'train.txt').write_text('../a.mp4 0\n')
    match = r"line 1: '../a\.mp4' lies .*train_dataloader\.dataset\.ann_f"
    with pytest.raises(UsageError, match=match):
        check_lists(train_cfg(), ('train',))
    cfg = train_cfg()
    cfg.train_dataloader.dataset.allow_outside = True
    check_lists(cfg, ('train',))
