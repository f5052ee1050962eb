"""Published files: written, read, refused."""

import hashlib
import io
import pickle
import re
from pathlib import Path

import pytest
import torch
from mmengine.model import revert_sync_batchnorm

from vsslcodebase.checkpoints.input_contract import InputContract
from vsslcodebase.checkpoints.published import (
    backbone_meta,
    build_backbone,
    published_meta,
    read_published,
    verify_name,
    write_published,
)
from vsslcodebase.compat import CheckpointError
from vsslcodebase.models.build import build_part

BACKBONE = dict(type='SmallR3D', widths=(4, 6), norm_cfg=dict(type='SyncBN'))
CONTRACT = InputContract(
    'bgr', (0.0, 1.0), (0.4, 0.5, 0.6), (0.2, 0.2, 0.3), 4, (2,), 16, 16
)


@pytest.fixture(scope='module')
def network():
    torch.manual_seed(0)
    network = revert_sync_batchnorm(build_part(BACKBONE)).eval()
    for name, buffer in network.named_buffers():
        if 'running' in name:
            torch.nn.init.uniform_(buffer, 0.5, 1.5)
    return network


@pytest.fixture
def meta():
    cfg = dict(BACKBONE, frozen=True, init_cfg=dict(type='Pretrained'))
    return backbone_meta('weights', cfg, CONTRACT, 'a peer')


@pytest.fixture
def path(network, meta, tmp_path):
    state = network.state_dict()
    return write_published(tmp_path, 'weights', state, meta, '20250131')


def rewrite(path, change):
    """Change a file's content; its name then has no hash."""
    content = torch.load(path, weights_only=True)
    change(content)
    path = path.with_name('changed.pth')
    torch.save(content, path)
    return path


def test_reads_back_what_was_written(path, network, meta):
    published = read_published(str(path))
    assert published.contract == CONTRACT
    assert published.meta == meta
    assert published.meta['backbone'] == BACKBONE  # how to start is left out
    assert published.meta['versions']['torch'] == torch.__version__
    assert published.meta['provenance'] is None
    clip = torch.rand(2, 3, 4, 8, 8)
    built = build_backbone(published)
    assert not built.training
    with torch.no_grad():
        assert torch.equal(built(clip), network(clip))


def test_plain_torch_reads_it(path):
    content = torch.load(path, weights_only=True)
    assert [*content] == ['meta', 'state_dict']


def test_the_name_ends_with_the_hash_of_the_file(path):
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.name == f'weights_20250131-{digest[:8]}.pth'
    verify_name(path)


def test_equal_content_is_one_file(path, network, meta):
    state = network.state_dict()
    before = path.stat().st_mtime_ns
    again = write_published(path.parent, 'weights', state, meta, '20250131')
    assert again == path
    assert path.stat().st_mtime_ns == before
    assert list(path.parent.iterdir()) == [path]
    path.write_bytes(b'something else')
    with pytest.raises(ValueError, match='with another content'):
        write_published(path.parent, 'weights', state, meta, '20250131')


def test_today_is_the_date_of_others(network, meta, tmp_path):
    path = write_published(
        tmp_path / 'a' / 'b', 'w', network.state_dict(), meta
    )
    assert re.fullmatch(r'w_20\d{6}-[0-9a-f]{8}\.pth', path.name)


def test_a_whole_model_gives_its_backbone(network, meta, tmp_path):
    state = {f'backbone.{k}': v for k, v in network.state_dict().items()}
    state['head.weight'] = torch.zeros(2)
    path = write_published(tmp_path, 'w', state, {**meta, 'kind': 'model'})
    published = read_published(path)
    assert 'head.weight' in published.state
    clip = torch.rand(1, 3, 4, 8, 8)
    with torch.no_grad():
        assert torch.equal(build_backbone(published)(clip), network(clip))


def test_a_slice_takes_no_more_than_itself(meta, tmp_path):
    large = torch.zeros(1000, 1000)
    path = write_published(
        tmp_path, 'w', {'a': large[:2], 'b': large.T[0]}, meta
    )
    assert path.stat().st_size < 30_000


@pytest.mark.parametrize('date', ['20250230', '2025-01-31', '250131', ''])
def test_a_wrong_date_is_refused(date, network, meta, tmp_path):
    with pytest.raises(ValueError, match='must be YYYYMMDD'):
        write_published(tmp_path, 'w', network.state_dict(), meta, date)


@pytest.mark.parametrize('stem', ['../w', '.w', 'a b', ''])
def test_a_name_that_is_a_path_is_refused(stem, network, meta, tmp_path):
    with pytest.raises(ValueError, match='letters, digits'):
        write_published(tmp_path, stem, network.state_dict(), meta)


@pytest.mark.parametrize(
    ('state', 'message'),
    [
        (
            {'a': torch.tensor([0.0, float('nan')])},
            'a of state_dict is not fi',
        ),
        ({'a': 1.0}, "'a': float, expected a tensor"),
        ({}, 'must be a dict of tensors'),
        ([1], 'must be a dict of tensors, got list'),
    ],
)
def test_what_is_no_weights_is_not_written(state, message, meta, tmp_path):
    with pytest.raises(ValueError, match=message):
        write_published(tmp_path, 'w', state, meta)
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_plain_is_not_written(network, tmp_path):
    with pytest.raises(ValueError, match=r'meta\.path must be plain .* Posix'):
        published_meta(
            kind='model',
            name='w',
            method='m',
            backbone=BACKBONE,
            contract=CONTRACT,
            source='trained',
            provenance=dict(path=Path('a')),
        )


class Evil:
    """What is to run when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def test_files_that_are_none_are_named(path, tmp_path):
    whole = path.read_bytes()
    buffer = io.BytesIO()
    torch.save(torch.zeros(3), buffer)
    contents = {
        'empty.pth': b'',
        'text.pth': b'no checkpoint\n',
        'half.pth': whole[: len(whole) // 2],
        'tensor.pth': buffer.getvalue(),
        'number.pth': pickle.dumps(3, protocol=2),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        message = 'no file of torch' if name == 'text.pth' else name
        with pytest.raises(CheckpointError, match=message):
            read_published(tmp_path / name)
    with pytest.raises(FileNotFoundError, match='absent'):
        read_published(tmp_path / 'absent.pth')


def test_a_file_that_runs_code_does_not(path, tmp_path):
    mark = tmp_path / 'ran'
    content = dict(torch.load(path), extra=Evil(mark))
    torch.save(content, tmp_path / 'evil.pth')
    with pytest.raises(CheckpointError, match=r'evil\.pth was refused'):
        read_published(tmp_path / 'evil.pth')
    assert not mark.exists()


@pytest.mark.parametrize(
    ('key', 'value', 'message'),
    [
        ('format', 'other', 'is no published checkpoint of vsslcodebase'),
        ('format_version', 2, 'format_version is 2, and this release reads 1'),
        ('format_version', '1', "format_version must be int, got str '1'"),
        ('kind', 'head', 'kind must be one of model, backbone, got head'),
        ('epoch', 1.5, r'epoch must be int or None, got float'),
        ('epoch', True, r'epoch must be int or None, got bool'),
        ('backbone', dict(depth=50), 'backbone must be a config with a type'),
        ('input_contract', [], 'input_contract must be dict, got list'),
        ('input_contract', {}, 'an input contract has the keys'),
        ('versions', dict(a=torch.zeros(1)), 'versions.a must be plain data'),
    ],
)
def test_a_malformed_meta_is_named(path, key, value, message):
    changed = rewrite(
        path, lambda content: content['meta'].update({key: value})
    )
    with pytest.raises(CheckpointError, match=rf'changed\.pth .*{message}'):
        read_published(changed)


def test_a_contract_that_cannot_be_is_named(path):
    def divide_by_nothing(content):
        content['meta']['input_contract']['std'] = [0.0, 1.0, 1.0]

    with pytest.raises(CheckpointError, match=r'changed\.pth .* std of an in'):
        read_published(rewrite(path, divide_by_nothing))


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda c: c.pop('state_dict'), 'must be a dict of tensors, got None'),
        (lambda c: c['state_dict'].update(a='b'), "'a': str, expected a ten"),
        (lambda c: c['meta'].pop('source'), 'meta has no source'),
        (lambda c: c.update(meta=[1]), 'is no published checkpoint of'),
    ],
)
def test_a_malformed_content_is_named(path, change, message):
    with pytest.raises(CheckpointError, match=rf'changed\.pth .*{message}'):
        read_published(rewrite(path, change))


def test_a_file_exchanged_under_its_name_is_noticed(path):
    content = torch.load(path, weights_only=True)
    content['state_dict']['stages.0.0.bn.weight'] += 1
    torch.save(content, path)
    with pytest.raises(
        CheckpointError, match=r'its SHA-256 begins with .* name'
    ):
        read_published(path)
    renamed = path.rename(path.with_name('mine.pth'))
    verify_name(renamed)


@pytest.mark.parametrize(
    ('backbone', 'message'),
    [
        (dict(type='NoSuchNetwork'), "no registered type 'NoSuchNetwork'"),
        (dict(type='os.system', command='x'), "registered type 'os.system'"),
        (dict(BACKBONE, init_cfg=dict(type='x')), 'it would load init_cfg'),
        (dict(BACKBONE, pretrained='x.pth'), 'it would load pretrained'),
        (dict(BACKBONE, _scope_='x'), "has no '_scope_'"),
        (dict(BACKBONE, deep=dict(type='os.getcwd')), "type 'os.getcwd'"),
        (dict(BACKBONE, widths=(4, 'x')), 'cannot be built'),
        (dict(BACKBONE, widths=(4, 8)), 'does not fit SmallR3D'),
    ],
)
def test_a_backbone_that_cannot_be_trusted_or_built(path, backbone, message):
    def describe(content):
        content['meta']['backbone'] = backbone

    published = read_published(rewrite(path, describe))
    with pytest.raises(CheckpointError, match=rf'(?s)changed\.pth.*{message}'):
        build_backbone(published)
