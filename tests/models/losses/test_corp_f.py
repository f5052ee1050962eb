"""CORP_f: contrast among all clips, order inside each video (Eq. 6)."""

import numpy as np
import pytest
import torch
from oracles import corp as oracle
from oracles.gradient import numeric_gradient

from vsslcodebase.models.losses import corp_f_loss, nt_xent_loss

Z = torch.tensor([(1, 0), (0.6, 0.8), (0, 1), (-1, 0)])
ORDER = torch.tensor([(2.0, 0), (0, 1), (0, 0), (-1, 1)])


def test_terms_of_two_videos():
    contrast, order = corp_f_loss(Z, ORDER, temperature=0.1)
    assert contrast.item() == pytest.approx(5.066298, abs=1e-5)
    assert order.item() == pytest.approx(0.630132, abs=1e-6)
    assert (contrast + order).item() == pytest.approx(5.696431, abs=1e-5)


def test_temperature_one():
    contrast, order = corp_f_loss(Z, ORDER, temperature=1)
    assert contrast.item() == pytest.approx(1.788528, abs=1e-6)
    assert order.item() == pytest.approx(0.630132, abs=1e-6)


def test_contrast_is_twice_nt_xent():
    assert corp_f_loss(Z, ORDER)[0] == 2 * nt_xent_loss(Z)


@pytest.mark.parametrize('num_videos', [2, 3, 8])
@pytest.mark.parametrize('temperature', [0.1, 0.5])
def test_terms_are_those_of_the_loop(num_videos, temperature):
    rng = np.random.default_rng(num_videos)
    z = rng.normal(size=(2 * num_videos, 5)) * 3
    logits = rng.normal(size=(2 * num_videos, 2))
    terms = corp_f_loss(
        torch.from_numpy(z), torch.from_numpy(logits), temperature
    )
    expected = oracle.corp_f(z, logits, temperature)
    assert [t.item() for t in terms] == pytest.approx(expected, rel=1e-5)


def test_gradients_are_those_of_the_loop():
    rng = np.random.default_rng(1)
    z, logits = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    leaves = [torch.tensor(x, dtype=torch.float32) for x in (z, logits)]
    leaves = [leaf.requires_grad_() for leaf in leaves]
    sum(corp_f_loss(*leaves, temperature=0.3)).backward()
    by_z = numeric_gradient(lambda x: sum(oracle.corp_f(x, logits, 0.3)), z)
    by_logits = numeric_gradient(
        lambda x: sum(oracle.corp_f(z, x, 0.3)), logits
    )
    np.testing.assert_allclose(leaves[0].grad, by_z, atol=1e-5)
    np.testing.assert_allclose(leaves[1].grad, by_logits, atol=1e-6)


def test_videos_may_come_in_any_order_but_clips_may_not():
    order = torch.tensor([2, 3, 0, 1])
    kept = corp_f_loss(Z[order], ORDER[order])
    torch.testing.assert_close(kept, corp_f_loss(Z, ORDER))
    swapped = torch.tensor([1, 0, 3, 2])
    contrast, order_term = corp_f_loss(Z[swapped], ORDER[swapped])
    assert contrast.item() == pytest.approx(5.066298, abs=1e-5)
    assert order_term.item() != pytest.approx(0.630132, abs=0.1)


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match=r'rows 2i and 2i\+1.*got \(3, 2\)'):
        corp_f_loss(Z[:3], ORDER[:3])
    with pytest.raises(ValueError, match='at least 2 videos'):
        corp_f_loss(Z[:2], ORDER[:2])
    with pytest.raises(ValueError, match=r'order_logits \(4, 2\).*\(2, 2\)'):
        corp_f_loss(Z, ORDER[:2])
