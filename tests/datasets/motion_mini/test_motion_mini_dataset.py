import csv
import json
import os
import signal

import numpy as np
import pytest
from motion_mini_honesty import read_frames

from vsslcodebase.datasets.motion_mini import (
    DatasetSpec,
    level_knobs,
    make_dataset,
    render_video,
)
from vsslcodebase.datasets.motion_mini.workers import run_jobs

SPEC = DatasetSpec(
    level_knobs('standard', size=16, num_frames=6), (20, 16, 8), seed=5
)


def content(root):
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob('*'))
        if path.is_file()
    }


def lines_of(path):
    return [line.rsplit(' ', 1) for line in path.read_text().splitlines()]


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp('motion_mini') / 'set'
    assert make_dataset(root, SPEC, workers=0) == 44
    return root


def index_of(root):
    with open(root / 'index.csv', newline='') as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize('workers', [1, 3])
def test_number_of_workers_changes_no_byte(made, tmp_path, workers):
    make_dataset(tmp_path / 'set', SPEC, workers=workers)
    assert content(tmp_path / 'set') == content(made)


def test_files_show_their_plans(made):
    for plan in SPEC.plans()[::9]:
        decoded = read_frames(made / f'videos/{plan.video_id:06d}.mp4')
        wanted = render_video(plan, SPEC.knobs)
        grey = decoded.mean(axis=3) - wanted.mean(axis=3)
        assert np.abs(grey).mean() < 4


def test_lists_are_path_and_label_of_each_kind(made):
    plans = SPEC.plans()
    for kind, classes in (('motion', 16), ('appearance', 8), ('scene', 8)):
        names = (made / f'classes_{kind}.txt').read_text().splitlines()
        assert len(set(names)) == classes
        lines = []
        for split, count in zip(('train', 'val', 'test'), SPEC.num_videos):
            part = lines_of(made / f'{split}_{kind}.txt')
            assert len(part) == count
            lines += part
        assert [int(label) for _, label in lines] == [
            getattr(plan, kind) for plan in plans
        ]
        assert all((made / path).is_file() for path, _ in lines)
        assert len({path for path, _ in lines}) == len(plans)


def test_index_names_the_twin_of_each_held_out_video(made):
    rows = {row['path']: row for row in index_of(made)}
    assert len(rows) == 44
    for row in rows.values():
        if row['split'] == 'train':
            assert row['twin'] == ''
            continue
        twin = rows[row['twin']]
        assert twin['twin'] == row['path']
        assert {row['reversed'], twin['reversed']} == {'0', '1'}
        for same in ('split', 'pair', 'appearance', 'scene', 'scene_seed'):
            assert row[same] == twin[same]
        assert int(row['motion']) // 2 == int(row['pair'])


def test_json_files_are_those_of_something_something(made):
    labels = json.loads((made / 'labels.json').read_text())
    assert list(labels.values()) == [str(i) for i in range(16)]
    motions = dict(lines_of(made / 'train_motion.txt'))
    entries = json.loads((made / 'train.json').read_text())
    assert len(entries) == 20
    for entry in entries:
        (thing,) = entry['placeholders']
        bare = entry['template'].replace('[', '').replace(']', '')
        assert labels[bare] == motions[f'videos/{entry["id"]}.mp4']
        assert entry['label'] == bare.lower().replace('something', thing)
    validation = json.loads((made / 'validation.json').read_text())
    assert len(validation) == 16
    assert 'Letting something move right' in labels


def test_finished_set_is_recognised_and_left_alone(made):
    before = {p: p.stat().st_mtime_ns for p in made.rglob('*')}
    assert make_dataset(made, SPEC, workers=0) == 0
    after = {p: p.stat().st_mtime_ns for p in made.rglob('*')}
    assert after == before


def test_interrupted_set_is_completed(made, tmp_path):
    root = tmp_path / 'set'

    def interrupt(done, total):
        if done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_dataset(root, SPEC, workers=0, report=interrupt)
    assert not json.loads((root / 'manifest.json').read_text())['finished']
    half_written = root / 'videos' / '.000030.1.part.mp4'
    half_written.write_bytes(b'half')
    seen = []
    written = make_dataset(
        root, SPEC, workers=0, report=lambda *args: seen.append(args)
    )
    assert written == 44 - 7
    assert seen[0] == (8, 44)
    assert seen[-1] == (44, 44)
    assert content(root) == content(made)


def test_lost_video_of_a_finished_set_is_made_again(made, tmp_path):
    root = tmp_path / 'set'
    make_dataset(root, SPEC, workers=0)
    (root / 'videos' / '000003.mp4').unlink()
    assert make_dataset(root, SPEC, workers=0) == 1
    assert content(root) == content(made)


def test_other_parameters_in_the_same_folder_are_an_error(made):
    other = DatasetSpec(
        level_knobs('standard', size=16, num_frames=6, grain=3.0),
        (20, 16, 8),
        seed=6,
    )
    with pytest.raises(
        ValueError,
        match=r'knobs\.grain is 2\.0, asked for 3\.0; seed is 5, asked for 6',
    ):
        make_dataset(made, other, workers=0)


def test_foreign_folder_is_not_touched(tmp_path):
    (tmp_path / 'thesis.tex').write_text('mine')
    with pytest.raises(ValueError, match=r'not empty and has no manifest'):
        make_dataset(tmp_path, SPEC, workers=0)
    assert [p.name for p in tmp_path.iterdir()] == ['thesis.tex']


@pytest.mark.parametrize(
    ('changes', 'says'),
    [
        ({'suffix': '.gif'}, 'suffix must be one of'),
        ({'fps': 0}, 'fps must be at least 1'),
        ({'seed': -1}, 'seed must not be negative'),
        ({'num_videos': (0, 0, 0)}, 'num_videos must count'),
    ],
)
def test_bad_specs_say_what_is_wrong(changes, says):
    with pytest.raises(ValueError, match=says):
        DatasetSpec(SPEC.knobs, **changes)


def test_negative_workers_are_an_error(tmp_path):
    with pytest.raises(ValueError, match='workers must not be negative'):
        make_dataset(tmp_path / 'set', SPEC, workers=-1)


def fail_at_two(n):
    if n == 2:
        raise KeyError('lost')


def die_at_two(n):
    if n == 2:
        os.kill(os.getpid(), signal.SIGKILL)


def test_failing_job_is_reported_with_its_traceback():
    with pytest.raises(RuntimeError, match=r"(?s)Traceback.*KeyError: 'lost'"):
        run_jobs(fail_at_two, 5, 2, lambda done: None)


def test_killed_worker_is_an_error_and_not_a_short_data_set():
    with pytest.raises(RuntimeError, match='a worker died'):
        run_jobs(die_at_two, 5, 1, lambda done: None)
