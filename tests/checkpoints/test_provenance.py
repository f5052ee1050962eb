"""Digests that mean the same experiment, and only that."""

import hashlib
import subprocess
import types

import pytest
from mmengine.config import Config

from vsslcodebase.checkpoints.provenance import (
    config_digest,
    data_identity,
    joined,
    list_digest,
    provenance,
    source_commit,
    video_name,
)
from vsslcodebase.engine.hooks import ProvenanceHook

VIDEOS = [('videos/b.mp4', 1), ('videos/a.mp4', 0)]


def make_config(folder, **dataset):
    return dict(
        model=dict(type='Net', width=8),
        train_dataloader=dict(
            batch_size=4,
            num_workers=2,
            dataset=dict(
                type='VideoListDataset',
                ann_file=str(folder / 'train.txt'),
                pipeline=[dict(type='OpenVideo')],
                **dataset,
            ),
        ),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
    )


def test_list_digest_by_hand():
    expected = hashlib.sha256(b'a 0\nb 1\n').hexdigest()
    assert list_digest(VIDEOS) == expected


def test_list_digest_ignores_order_folder_and_format_but_not_labels():
    same = [('a.webm', 0), ('C:\\data\\b.avi', 1)]
    assert list_digest(VIDEOS) == list_digest(same)
    assert list_digest(VIDEOS) != list_digest([('a.mp4', 1), ('b.mp4', 0)])
    assert list_digest(VIDEOS) != list_digest(VIDEOS[:1])
    assert list_digest(VIDEOS) != list_digest([*VIDEOS, VIDEOS[0]])


@pytest.mark.parametrize(
    ('path', 'name'),
    [
        ('x/v_Archery_g01_c01.avi', 'v_Archery_g01_c01'),
        ('Cook.Cut_p02_r00.mp4', 'Cook.Cut_p02_r00'),
        ('frames/Cook.Cut_p02', 'Cook.Cut_p02'),
        ('12.MP4', '12'),
    ],
)
def test_video_name(path, name):
    assert video_name(path) == name


def test_config_digest_knows_the_experiment_not_the_machine(tmp_path):
    first = make_config(tmp_path)
    moved = make_config(tmp_path / 'other', data_prefix=dict(video='/x'))
    moved['train_dataloader']['num_workers'] = 16
    moved['work_dir'] = 'elsewhere'
    moved['custom_hooks'] = [dict(type='HealthHook')]
    assert config_digest(first) == config_digest(moved)
    assert config_digest(first) == config_digest(Config(first))
    changed = make_config(tmp_path)
    changed['optim_wrapper']['optimizer']['lr'] = 0.2
    assert config_digest(first) != config_digest(changed)
    fewer = make_config(tmp_path, num_videos=1)
    assert config_digest(first) != config_digest(fewer)


def test_data_identity_counts_what_is_read(tmp_path):
    (tmp_path / 'train.txt').write_text('videos/a.mp4 0\nvideos/b.mp4 1\n')
    whole = data_identity(make_config(tmp_path))['train']
    assert whole == dict(
        list='train.txt',
        videos=2,
        sha256=list_digest(VIDEOS),
        manifest=None,
    )
    first = data_identity(make_config(tmp_path, num_videos=1))['train']
    assert first['videos'] == 1
    assert first['sha256'] == list_digest([('a.mp4', 0)])


def test_a_generated_set_with_other_settings_is_other_data(tmp_path):
    (tmp_path / 'train.txt').write_text('videos/a.mp4 0\n')
    digests = []
    for text in ('{"seed": 0, "size": 32}', '{"size": 32, "seed": 0}', '[]'):
        (tmp_path / 'manifest.json').write_text(text)
        identity = data_identity(make_config(tmp_path))
        digests.append(identity['train']['manifest'])
    assert digests[0] == digests[1] != digests[2]
    (tmp_path / 'manifest.json').write_text('no json')
    assert data_identity(make_config(tmp_path))['train']['manifest'] is None


def test_source_commit_of_a_checkout(tmp_path):
    def git(*command):
        identity = ('-c', 'user.name=n', '-c', 'user.email=e@example.org')
        subprocess.run(
            ['git', '-C', str(tmp_path), *identity, *command],
            check=True,
            capture_output=True,
        )

    assert source_commit(tmp_path) == dict(commit=None, clean=None)
    git('init')
    (tmp_path / 'code.py').write_text('1')
    git('add', 'code.py')
    git('commit', '-m', 'first')
    found = source_commit(tmp_path)
    assert len(found['commit']) == 40
    assert found['clean'] is True
    (tmp_path / 'notes.txt').write_text('not tracked')
    assert source_commit(tmp_path)['clean'] is True
    (tmp_path / 'README.md').write_text('page')
    git('add', 'README.md')
    assert source_commit(tmp_path)['clean'] is True
    (tmp_path / 'code.py').write_text('2')
    assert source_commit(tmp_path) == dict(commit=found['commit'], clean=False)


def test_an_environment_inside_another_checkout_is_no_source(tmp_path):
    subprocess.run(
        ['git', '-C', str(tmp_path), 'init'], check=True, capture_output=True
    )
    inside = tmp_path / 'site-packages'
    inside.mkdir()
    assert source_commit(inside) == dict(commit=None, clean=None)


def test_the_hook_writes_it_into_checkpoints(tmp_path):
    (tmp_path / 'train.txt').write_text('videos/a.mp4 0\n')
    lines = []
    runner = types.SimpleNamespace(
        rank=0,
        cfg=Config(make_config(tmp_path)),
        logger=types.SimpleNamespace(info=lines.append),
    )
    hook = ProvenanceHook()
    early = dict(meta={})
    hook.before_save_checkpoint(runner, early)
    assert early == dict(meta={})
    hook.before_train(runner)
    checkpoint = dict(meta={})
    hook.before_save_checkpoint(runner, checkpoint)
    assert checkpoint['meta']['provenance'] == provenance(runner.cfg)
    assert 'train 1 videos' in lines[0]


def past(commit, clean=True, digest='d', **more):
    return dict(commit=commit, clean=clean, config_digest=digest, **more)


def test_a_resumed_run_is_of_all_that_trained_it():
    same = joined(past('a'), past('a'))
    assert same == past('a', earlier_commits=[], start={})
    later = joined(joined(past('a'), past('b')), past('c'))
    assert later == past('c', earlier_commits=['a', 'b'], start={})
    begun = joined(past('a', start={'f': '1'}), past('b', start={}))
    assert begun['start'] == {'f': '1'}
    assert joined(past('a', clean=False), past('b'))['clean'] is False
    assert joined({}, past('b'))['clean'] is False  # nobody knows
    mixed = joined(past('a', digest='x'), past('a', digest='y'))
    assert mixed['config_digest'] not in ('x', 'y')


def test_the_hook_keeps_what_a_resumed_checkpoint_says(tmp_path):
    runner = types.SimpleNamespace(
        rank=0,
        cfg=Config(make_config(tmp_path)),
        logger=types.SimpleNamespace(info=str),
        _resume=True,
    )
    before = dict(provenance(runner.cfg), clean=False)
    hook, checkpoint = ProvenanceHook(), dict(meta={})
    hook.after_load_checkpoint(runner, dict(meta=dict(provenance=before)))
    hook.before_train(runner)
    hook.before_save_checkpoint(runner, checkpoint)
    assert checkpoint['meta']['provenance']['clean'] is False
    runner._resume, hook = False, ProvenanceHook()  # weights alone
    hook.after_load_checkpoint(runner, dict(meta=dict(provenance=before)))
    hook.before_train(runner)
    assert hook._found == provenance(runner.cfg)


def test_files_that_weights_start_from_are_named(tmp_path):
    (tmp_path / 'weights.pth').write_bytes(b'abc')
    cfg = Config(make_config(tmp_path))
    assert provenance(cfg)['start'] == {}
    cfg.load_from = str(tmp_path / 'weights.pth')
    digest = hashlib.sha256(b'abc').hexdigest()
    assert provenance(cfg)['start'] == {'weights.pth': digest}
