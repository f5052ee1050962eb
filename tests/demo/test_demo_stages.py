"""Stages are done once, and found again."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from vsslcodebase.demo.display import Display
from vsslcodebase.demo.stages import RESULT, TAKEN, Stage, run_stages


class Counted:
    """Work that notes how often it was done."""

    def __init__(self, result: dict | None = None) -> None:
        self.calls = 0
        self.result = result or {}

    def __call__(self, folder: Path, report) -> dict:
        self.calls += 1
        report(1, 2, 'half')
        return dict(self.result, calls=self.calls)


def interrupted(folder: Path, report) -> dict:
    (folder / 'kept').write_text('half of it')
    raise KeyboardInterrupt


def stage(name: str, work, **inputs) -> Stage:
    return Stage(name, f'do {name}', inputs, 1.0, work)


def run(stages, tmp_path) -> tuple[dict, str]:
    stream = io.StringIO()
    return run_stages(
        stages, tmp_path, Display(len(stages), stream)
    ), stream.getvalue()


def test_second_run_does_nothing_and_returns_the_same(tmp_path):
    work = Counted({'answer': 42})
    first, _ = run([stage('a', work, x=1)], tmp_path)
    second, shown = run([stage('a', work, x=1)], tmp_path)
    assert work.calls == 1
    assert first == second
    assert first['a']['result'] == {'answer': 42, 'calls': 1}
    assert '(done before)' in shown


def test_other_inputs_are_another_folder_and_both_stay(tmp_path):
    work = Counted()
    run([stage('a', work, x=1)], tmp_path)
    run([stage('a', work, x=2)], tmp_path)
    assert work.calls == 2
    assert len(list(tmp_path.glob(f'a_*/{RESULT}'))) == 2
    run([stage('a', work, x=1)], tmp_path)
    assert work.calls == 2


def test_interruption_keeps_what_is_done_and_the_next_run_goes_on(tmp_path):
    done = Counted()
    with pytest.raises(KeyboardInterrupt):
        run([stage('a', done), stage('b', interrupted, x=1)], tmp_path)

    def go_on(folder: Path, report) -> dict:
        return {'found': (folder / 'kept').read_text()}

    records, _ = run([stage('a', done), stage('b', go_on, x=1)], tmp_path)
    assert done.calls == 1
    assert records['b']['result'] == {'found': 'half of it'}


def test_time_of_all_runs_is_counted(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run([stage('a', interrupted)], tmp_path)
    (taken,) = tmp_path.glob(f'a_*/{TAKEN}')
    taken.write_text('100.0')  # an earlier run of 100 s
    records, _ = run([stage('a', Counted())], tmp_path)
    assert 100 <= records['a']['seconds'] < 110


def test_result_whose_file_is_gone_is_made_again(tmp_path):
    file = tmp_path / 'weights'
    file.touch()
    work = Counted({'files': [str(file)]})
    run([stage('a', work)], tmp_path)
    file.unlink()
    run([stage('a', work)], tmp_path)
    assert work.calls == 2


def test_half_written_record_is_no_record(tmp_path):
    work = Counted()
    run([stage('a', work)], tmp_path)
    (record,) = tmp_path.glob(f'a_*/{RESULT}')
    record.write_text(json.dumps(dict(result={}))[:-3])
    run([stage('a', work)], tmp_path)
    assert work.calls == 2
