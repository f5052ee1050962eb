"""No code of this project runs what a file says.

Checkpoints, features, lists and configs travel between people. The syntax
tree of every file is searched for calls that would run code found in data,
or write where an archive says. What is needed nevertheless is listed below,
with its reason; docs/security.md has the rules in words.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

PICKLE = 'runs code in the file; see compat.load_checkpoint and load_dump'
SHELL = 'gives text to a shell; pass a list of words'
ARCHIVE = 'writes where the archive says; see docs/security.md'
CONFIG = 'runs the text of a config, perhaps that of a checkpoint'
# dotted names of functions: why not
REFUSED = {
    'pickle.load': PICKLE,
    'pickle.loads': PICKLE,
    'pickle.Unpickler': PICKLE,
    'dill.load': PICKLE,
    'cloudpickle.load': PICKLE,
    'joblib.load': PICKLE,
    'marshal.load': PICKLE,
    'marshal.loads': PICKLE,
    'shelve.open': PICKLE,
    'pandas.read_pickle': PICKLE,
    'mmengine.load': 'unpickles by the suffix of the file',
    'mmengine.fileio.load': 'unpickles by the suffix of the file',
    'torch.load': 'reads checkpoints past compat.load_checkpoint',
    'torch.hub.load': 'runs code of a repository',
    'torch.jit.load': 'runs a program; read weights instead',
    'mmengine.Config.fromstring': CONFIG,
    'mmengine.config.Config.fromstring': CONFIG,
    'runpy.run_path': 'runs a file',
    'runpy.run_module': 'runs a module that is named in text',
    'yaml.load': 'builds objects; use yaml.safe_load',
    'yaml.full_load': 'builds objects; use yaml.safe_load',
    'yaml.unsafe_load': 'builds objects; use yaml.safe_load',
    'yaml.load_all': 'builds objects; use yaml.safe_load_all',
    'eval': 'runs text',
    'exec': 'runs text',
    'os.system': SHELL,
    'os.popen': SHELL,
    'subprocess.getoutput': SHELL,
    'subprocess.getstatusoutput': SHELL,
    'tarfile.open': ARCHIVE,
    'tarfile.TarFile': ARCHIVE,
    'zipfile.ZipFile': ARCHIVE,
    'shutil.unpack_archive': ARCHIVE,
    'tempfile.mktemp': 'names a file that others may make first',
}
ALLOWED = {
    (
        'vsslcodebase/compat/checkpoint_loading.py',
        'torch.load',
    ): 'the one place: weights only, and a short list of types',
    (
        'vsslcodebase/compat/dump_loading.py',
        'pickle.Unpickler',
    ): 'a class of it that looks up a short list of names',
    (
        'vsslcodebase/compat/dump_loading.py',
        'torch.load',
    ): 'weights only, of the numbers inside a dump',
    (
        'vsslcodebase/checkpoints/importers/cvrl.py',
        'zipfile.ZipFile',
    ): 'adds up the sizes that an .npz claims; extracts nothing',
}
SHIPPED = ('vsslcodebase', 'tools', 'benchmarks', 'configs')


def refused_calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and name of each use that needs a reason."""
    names = imported_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            bases = [dotted(base, names) for base in node.bases]
            yield from ((node.lineno, b) for b in bases if b in REFUSED)
        if not isinstance(node, ast.Call):
            continue
        name = dotted(node.func, names)
        given = {word.arg: word.value for word in node.keywords}
        unpickles = name == 'numpy.load' and not is_constant(
            given.get('allow_pickle'), False
        )
        if name in REFUSED or unpickles:
            yield node.lineno, name
        elif not is_constant(given.get('shell', ast.Constant(False)), False):
            yield node.lineno, 'shell=True'


def imported_names(tree: ast.AST) -> dict[str, str]:
    """Return what names in a file stand for, as 'np': 'numpy'."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition('.')[0]
                found[alias.asname or top] = (
                    alias.name if alias.asname else top
                )
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                found[alias.asname or alias.name] = (
                    f'{node.module}.{alias.name}'
                )
    return found


def dotted(node: ast.expr, names: dict[str, str]) -> str:
    """Return the full name of what is called; empty for other values."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value, names)
        return owner and f'{owner}.{node.attr}'
    return ''


def is_constant(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def files() -> list[Path]:
    """Return all Python files that are shipped."""
    return [
        *(path for top in SHIPPED for path in (ROOT / top).rglob('*.py')),
        ROOT / 'setup.py',
    ]


@pytest.fixture(scope='module')
def uses() -> list[tuple[str, int, str]]:
    """File, line and name of every use of what needs a reason."""
    return [
        (path.relative_to(ROOT).as_posix(), line, call)
        for path in files()
        for line, call in refused_calls(ast.parse(path.read_text()))
    ]


def test_no_file_runs_what_data_say(uses):
    without_reason = [
        f'{name}:{line}: {call} {REFUSED.get(call, "")}'
        for name, line, call in uses
        if (name, call) not in ALLOWED
    ]
    assert without_reason == []


def test_no_reason_is_left_over(uses):
    assert {(name, call) for name, _, call in uses} >= ALLOWED.keys()


@pytest.mark.parametrize(
    ('text', 'name'),
    [
        ('import pickle\npickle.load(f)', 'pickle.load'),
        ('import pickle as p\np.loads(b)', 'pickle.loads'),
        ('from pickle import load as read\nread(f)', 'pickle.load'),
        ('import pickle\nclass A(pickle.Unpickler): ...', 'pickle.Unpickler'),
        ('import torch\ntorch.load(f, weights_only=True)', 'torch.load'),
        ('import torch.nn\ntorch.load(f)', 'torch.load'),
        ('import numpy as np\nnp.load(f)', 'numpy.load'),
        ('import numpy as np\nnp.load(f, allow_pickle=x)', 'numpy.load'),
        ('from numpy import load\nload(f, allow_pickle=True)', 'numpy.load'),
        ('import yaml\nyaml.load(f, yaml.Loader)', 'yaml.load'),
        ('import mmengine\nmmengine.load(f)', 'mmengine.load'),
        ('eval(text)', 'eval'),
        ('def f():\n  if x: exec(text)', 'exec'),
        ('import os\nos.system(text)', 'os.system'),
        ('import subprocess as s\ns.run(text, shell=True)', 'shell=True'),
        ('import subprocess\nsubprocess.run(t, shell=maybe)', 'shell=True'),
        ('import tarfile\ntarfile.open(f)', 'tarfile.open'),
        ('from zipfile import ZipFile\nZipFile(f)', 'zipfile.ZipFile'),
        (
            'from mmengine.config import Config\nConfig.fromstring(t, "py")',
            'mmengine.config.Config.fromstring',
        ),
    ],
)
def test_the_search_finds(text, name):
    assert [call for _, call in refused_calls(ast.parse(text))] == [name]


@pytest.mark.parametrize(
    'text',
    [
        'import numpy as np\nnp.load(f, allow_pickle=False)',
        'import yaml\nyaml.safe_load(f)',
        'import json\njson.load(f)',
        'model.eval()',
        'import subprocess\nsubprocess.run(words, shell=False)',
        'import pickle\npickle.dumps(x)',
        'from vsslcodebase.compat import load_checkpoint\nload_checkpoint(f)',
    ],
)
def test_the_search_leaves_alone(text):
    assert list(refused_calls(ast.parse(text))) == []
