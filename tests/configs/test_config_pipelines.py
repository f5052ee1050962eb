"""Base files of data sets share their pipelines."""

from __future__ import annotations

import ast
from collections import defaultdict

from config_files import BASES, CONFIGS, name_of

from vsslcodebase.engine.launch import load_config


def test_no_base_file_repeats_the_pipeline_of_another():
    files = defaultdict(set)
    for path in BASES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.List) and 'OpenVideo' in ast.unparse(node):
                files[ast.unparse(node)].add(name_of(path))
    assert [sorted(names) for names in files.values() if len(names) > 1] == []


def test_an_override_changes_one_pipeline_and_its_gallery_alone():
    """What several take from one base file is not one list."""
    finetune = CONFIGS / 'eval/finetune/finetune_c3d_ucf101.py'
    changed = {'test_dataloader.dataset.pipeline.1.num_clips': 3}
    cfg = load_config(str(finetune), changed)
    num_clips = [
        cfg[f'{split}_dataloader'].dataset.pipeline[1].num_clips
        for split in ('train', 'val', 'test')
    ]
    assert num_clips == [1, 1, 3]
    retrieval = CONFIGS / 'eval/retrieval/retrieval_c3d_ucf101.py'
    cfg = load_config(str(retrieval), changed)
    assert cfg.test_dataloader.dataset.pipeline[1].num_clips == 3
    gallery = cfg.test_evaluator.gallery.dataset
    assert gallery.pipeline == cfg.test_dataloader.dataset.pipeline
