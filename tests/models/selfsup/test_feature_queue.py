"""The queue of negatives: what is in it, in which order, how old."""

import copy

import pytest
import torch
import torch.nn.functional as F

from vsslcodebase.models.selfsup import FeatureQueue


def keys(count, start=0, width=4):
    """Vectors of length 1 that differ."""
    generator = torch.Generator().manual_seed(start)
    return F.normalize(torch.randn(count, width, generator=generator))


class PlainQueue:
    """A list of which the last K are kept, each with its step."""

    def __init__(self, size):
        self.size, self.entries, self.step = size, [], 0

    def enqueue(self, rows):
        self.entries += [(tuple(row.tolist()), self.step) for row in rows]
        self.entries = self.entries[-self.size :]
        self.step += 1

    def age(self):
        ages = [self.step - step for _, step in self.entries]
        return sum(ages) / len(ages)


@pytest.mark.parametrize('size', [1, 5, 6, 7, 12])
def test_it_holds_the_last_keys_whatever_the_batches_are(size):
    queue, plain = FeatureQueue(size, 4), PlainQueue(size)
    for step, count in enumerate([3, 2, 6, 1, 13, 4, 12, 5]):
        batch = keys(count, start=step)
        queue.enqueue(batch)
        plain.enqueue(batch)
        held = sorted(map(tuple, queue.negatives().tolist()))
        expected = sorted(row for row, _ in plain.entries)
        torch.testing.assert_close(torch.tensor(held), torch.tensor(expected))
        assert queue.age().item() == pytest.approx(plain.age())


def test_the_place_of_a_key_is_its_number_modulo_the_size():
    queue = FeatureQueue(5, 4)
    batches = [keys(count, start=count) for count in (3, 4, 11)]
    for batch in batches:
        queue.enqueue(batch)
    numbered = torch.cat(batches)  # 18 keys, of which 13 to 17 are left
    for number in range(13, 18):
        torch.testing.assert_close(queue.rows[number % 5], numbered[number])
    assert queue.pointer.item() == 18 % 5


def test_before_it_is_full_only_real_keys_are_given_out():
    queue = FeatureQueue(8, 4)
    assert queue.negatives().shape == (0, 4)
    assert queue.age().item() == 0
    queue.enqueue(keys(3))
    assert torch.equal(queue.negatives(), queue.rows[:3])
    torch.testing.assert_close(queue.negatives(), keys(3))


def test_keys_are_kept_in_float32_at_length_one_and_without_graph():
    queue = FeatureQueue(4, 4)
    long = (7 * keys(3)).bfloat16().requires_grad_()
    queue.enqueue(long)
    assert queue.rows.dtype == torch.float32
    assert not queue.negatives().requires_grad
    torch.testing.assert_close(queue.negatives().norm(dim=1), torch.ones(3))
    torch.testing.assert_close(queue.negatives(), keys(3), atol=0.01, rtol=0)


def test_enqueueing_does_not_disturb_a_backward_pass_to_come():
    queue = FeatureQueue(4, 4)
    queue.enqueue(keys(4))
    before = queue.rows.sum(0)
    query = keys(1, start=9).requires_grad_()
    product = (query @ queue.negatives().T).sum()
    queue.enqueue(keys(3, start=5))
    product.backward()
    torch.testing.assert_close(query.grad[0], before)


def test_a_saved_queue_goes_on_bit_for_bit():
    queue = FeatureQueue(7, 4)
    queue.enqueue(keys(5))
    other = FeatureQueue(7, 4)
    other.load_state_dict(copy.deepcopy(queue.state_dict()))
    for one in (queue, other):
        one.enqueue(keys(4, start=2))
    for name, value in queue.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name
    assert set(queue.state_dict()) == {
        'rows',
        'stamp',
        'pointer',
        'filled',
        'step',
    }


def test_impossible_sizes_are_refused():
    with pytest.raises(ValueError, match='at least 1 key, got queue_size=0'):
        FeatureQueue(0, 4)
    with pytest.raises(ValueError, match=r'length 4, got \(3, 5\).*in_chan'):
        FeatureQueue(8, 4).enqueue(keys(3, width=5))
