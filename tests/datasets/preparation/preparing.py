"""A small data set to be prepared, and looks at what came out."""

from __future__ import annotations

import json
import os

from encoded_video import encode

from vsslcodebase.datasets.preparation import prepare as preparation
from vsslcodebase.datasets.preparation.prepare import Preparation, prepare
from vsslcodebase.datasets.preparation.reencoding import EncodeSettings


def make_plan(tmp_path):
    """Five videos in two lists that share two of them."""
    folder = tmp_path / 'videos'
    names = ['a.mp4', 'b c.webm', 'deep/er/d.avi', 'deep/e.mkv', 'f.x.mp4']
    codecs = dict(zip(names, ['libx264', 'libvpx', 'mpeg4']))
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        codec = codecs.get(name, 'libx264')
        encode(path, num_frames=10 + number, codec=codec)
    (tmp_path / 'train.txt').write_text(
        'a.mp4 3\nb c.webm 0\ndeep/er/d.avi 12\n'
    )
    (tmp_path / 'val.txt').write_text(
        './deep/e.mkv -1\nb c.webm 0\nf.x.mp4 -1\na.mp4 5\na.mp4 5\n'
    )
    return Preparation(
        [tmp_path / 'train.txt', tmp_path / 'val.txt'],
        folder,
        tmp_path / 'out',
        EncodeSettings(short_side=32, preset='ultrafast'),
    )


def files(out):
    """Return what lies in a folder: contents by name."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob('*'))
        if path.is_file()
    }


def manifest(out):
    lines = (out / 'manifest.jsonl').read_text().splitlines()
    return {entry['source']: entry for entry in map(json.loads, lines)}


def encoded_again(plan, monkeypatch, **options):
    """Prepare, and return the videos that were encoded for it."""
    log = plan.out.with_name('log')
    log.write_text('')
    original = preparation.reencode_video

    def logging(source, target, settings):
        with open(log, 'a') as file:  # of a worker
            file.write(os.path.relpath(source, plan.videos) + '\n')
        return original(source, target, settings)

    with monkeypatch.context() as patch:
        patch.setattr(preparation, 'reencode_video', logging)
        prepare(plan, **options)
    return sorted(log.read_text().splitlines())
