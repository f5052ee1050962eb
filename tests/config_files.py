"""Which configs there are; shared by the tests of configs and tools."""

from __future__ import annotations

import ast
import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

from mmengine.config import Config

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / 'configs'
BASES = sorted(
    path for path in CONFIGS.rglob('*.py') if '_base_' in path.parts
)
LEAVES = sorted(
    path for path in CONFIGS.rglob('*.py') if '_base_' not in path.parts
)
EVALUATIONS = [path for path in LEAVES if 'eval' in path.parts]
# nothing is trained there; the small CPU ones included
SEARCHES = [
    path for path in LEAVES if path.stem.split('_')[0] in ('retrieval', 'knn')
]
RETRIEVALS = [path for path in EVALUATIONS if path.parent.name == 'retrieval']
KNNS = [path for path in EVALUATIONS if path.parent.name == 'knn']
LABELLED = [path for path in EVALUATIONS if path not in SEARCHES]
# full-size pre-training; the small CPU configs have other recipes
PRETRAININGS = [
    path
    for path in LEAVES
    if not {'eval', 'mini'} & set(path.relative_to(CONFIGS).parts)
]
SPLITS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def backbone_of(path: Path) -> str:
    """Name of the backbone in that of a full-size config."""
    return path.stem.split('_')[-2]


# each paper has a recipe, which its evaluations follow, too
CORP_BACKBONES = ('r3d50', 'i3d50', 'c2d50')
HCML_BACKBONES = ('r2d50', 'r2plus1d101')
CORP_PRETRAININGS = [
    path for path in PRETRAININGS if backbone_of(path) in CORP_BACKBONES
]
PACE_PRETRAININGS = [
    path for path in PRETRAININGS if path.parent.name == 'pace'
]
HCML_CONFIGS = [path for path in PRETRAININGS if path.parent.name == 'hcml']
# without labels, and with them from there on
HCML_LEVELS = [path for path in HCML_CONFIGS if 'joint' not in path.stem]
HCML_JOINT = [path for path in HCML_CONFIGS if 'joint' in path.stem]
# LTN's, and of the baselines it takes from Feichtenhofer et al. (2021)
SLOW_PRETRAININGS = [
    path for path in PRETRAININGS if backbone_of(path) == 'slow50'
]
CORP_EVALUATIONS = [
    path for path in LABELLED if backbone_of(path) in CORP_BACKBONES
]
SLOW_EVALUATIONS = [path for path in LABELLED if backbone_of(path) == 'slow50']
HCML_EVALUATIONS = [
    path for path in LABELLED if backbone_of(path) in HCML_BACKBONES
]
PACE_FINETUNINGS = [
    path
    for path in LABELLED
    if path not in CORP_EVALUATIONS + SLOW_EVALUATIONS + HCML_EVALUATIONS
]


def name_of(path: Path) -> str:
    """Name of a config in a test's id: its path inside ``configs/``."""
    return str(path.relative_to(CONFIGS))


@cache
def _parsed(path: Path) -> Config:
    return Config.fromfile(path)


def load(path: Path) -> Config:
    """A config that the caller may change."""
    return Config(_parsed(path).to_dict())


def trunk_of(path: Path) -> str:
    """Type of the model: the method, of LTN's configs the one below it."""
    return load(path).model.type


def clips_of(path: Path) -> int:
    """Clips of a video, rho, that the name of a pre-training config says."""
    return int(path.stem.split('rho')[1][0])


def splits_of(cfg: Config) -> list[str]:
    """Data loaders that a config has; retrieval has the test's only."""
    return [split for split in SPLITS if cfg.get(split)]


def bases_of(path: Path) -> list[Path]:
    """Files that a config names in ``_base_``, directly."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == '_base_':
            names = ast.literal_eval(node.value)
            names = [names] if isinstance(names, str) else names
            return [(path.parent / name).resolve() for name in names]
    return []


def all_bases_of(path: Path) -> set[Path]:
    """Files that a config is made of, itself left out."""
    found: set[Path] = set()
    for base in bases_of(path):
        found |= {base, *all_bases_of(base)}
    return found


@cache
def tool(name: str) -> ModuleType:
    """Import ``tools/NAME.py``, which is no package."""
    spec = importlib.util.spec_from_file_location(
        name, ROOT / 'tools' / f'{name}.py'
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
