"""model-index.yml and the metafiles: what MIM and the model zoo read."""

from __future__ import annotations

import pytest
import torch
import yaml
from config_files import CONFIGS, EVALUATIONS, PRETRAININGS, ROOT, load

from vsslcodebase.registry import MODELS
from vsslcodebase.version import __version__

INDEX = yaml.safe_load((ROOT / 'model-index.yml').read_text())['Import']
# that of the small models is made from their results: tests/test_model_zoo.py
LARGE = [name for name in INDEX if 'mini' not in name]
METAFILES = [yaml.safe_load((ROOT / name).read_text()) for name in LARGE]
ENTRIES = [entry for metafile in METAFILES for entry in metafile['Models']]


def test_every_pretraining_config_has_one_entry():
    names = sorted(entry['Name'] for entry in ENTRIES)
    assert names == sorted(path.stem for path in PRETRAININGS)


def test_index_names_every_metafile():
    found = sorted(
        str(path.relative_to(ROOT)) for path in CONFIGS.rglob('metafile.yml')
    )
    assert sorted(INDEX) == found


@pytest.mark.parametrize('entry', ENTRIES, ids=lambda entry: entry['Name'])
def test_entry_says_what_its_config_does(entry):
    path = ROOT / entry['Config']
    assert path.stem == entry['Name']
    cfg = load(path)
    metadata = entry['Metadata']
    assert metadata['Batch Size'] == cfg.auto_scale_lr.base_batch_size
    assert metadata['Epochs'] == cfg.train_cfg.max_epochs
    with torch.device('meta'):
        model = MODELS.build(cfg.model)
    parameters = sum(p.numel() for p in model.parameters())
    assert metadata['Parameters'] == parameters
    evaluations = {path.stem for path in EVALUATIONS}
    assert set(entry['Downstream']) <= evaluations


@pytest.mark.parametrize('metafile', METAFILES, ids=LARGE)
def test_collection_points_to_files_that_exist(metafile):
    (collection,) = metafile['Collections']
    assert (ROOT / collection['README']).is_file()
    assert (ROOT / collection['Code']['URL']).is_file()
    assert collection['Code']['Version'] == f'v{__version__}'
    collections = {entry['In Collection'] for entry in metafile['Models']}
    assert collections == {collection['Name']}
