"""The helper of distributed tests tells what went wrong, and never waits."""

import time

import pytest
import torch
import torch.distributed as dist
import two_processes
from two_processes import run_two

pytestmark = pytest.mark.slow


def add_ranks(rank, folder, more):
    value = torch.tensor([rank + more])
    dist.all_reduce(value)
    return dict(sum=value, threads=torch.get_num_threads(), folder=folder)


def fail_on_one(rank, folder):
    if rank:
        raise ValueError('a word of rank one')
    time.sleep(600)


def test_results_come_in_the_order_of_ranks(tmp_path):
    first, second = run_two(add_ranks, tmp_path, 5)
    assert first['sum'].item() == second['sum'].item() == 5 + 6
    assert first['threads'] == 1
    assert first['folder'] == tmp_path


def test_an_error_of_one_ends_both_and_is_shown(tmp_path):
    with pytest.raises(
        AssertionError, match=r'(?s)process 1 ended by 1.*a word of rank one'
    ):
        run_two(fail_on_one, tmp_path)


def test_who_is_late_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(two_processes, 'TIME_LIMIT', 1)
    with pytest.raises(AssertionError, match='had not ended after 1 s'):
        run_two(fail_on_one, tmp_path)
