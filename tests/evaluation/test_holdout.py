"""Which part of a training split choices are made by."""

import pytest
import torch

from vsslcodebase.evaluation.holdout import hold_out, video_groups


def test_groups_of_ucf101_and_hmdb51():
    names = [
        'videos/ApplyLipstick/v_ApplyLipstick_g08_c01.avi',
        'elsewhere/v_ApplyLipstick_g08_c05.mp4',
        'videos/v_ApplyLipstick_g09_c01.avi',
        'videos/v_HandstandPushups_g08_c01.avi',
        'brush_hair/April_09_brush_hair_u_nm_np1_ba_goo_0.avi',
        'brush_hair/April_09_brush_hair_f_cm_np2_le_med_11.avi',
        'brush_hair/Atkins_brush_hair_u_nm_np1_ba_goo_0.avi',
        'other/1.mp4',
        'other/2.mp4',
    ]
    groups = video_groups(names)
    assert groups[:2] == ['v_ApplyLipstick_g08'] * 2
    assert groups[4] == groups[5] == 'April_09_brush_hair'
    assert len(set(groups)) == 7


def test_twins_of_motion_mini_are_a_group(tmp_path):
    (tmp_path / 'index.csv').write_text(
        'path,scene_seed\nvideos/1.mp4,0-1-0\nvideos/2.mp4,0-1-0\n'
        'videos/3.mp4,0-1-1\n'
    )
    names = [str(tmp_path / 'videos' / f'{n}.mp4') for n in (1, 2, 3, 4)]
    groups = video_groups(names)
    assert groups[0] == groups[1] == 'scene 0-1-0'
    assert len(set(groups)) == 3


def test_another_table_is_not_taken_for_motion_mini(tmp_path):
    (tmp_path / 'index.csv').write_text('a,b\n1,2\n')
    name = str(tmp_path / 'videos' / '1.mp4')
    assert video_groups([name]) == [name]


@pytest.mark.parametrize('seed', range(5))
def test_groups_stay_whole_and_classes_have_their_share(seed):
    generator = torch.Generator().manual_seed(seed)
    # 4 classes, 18 groups each, 4 to 7 videos a group, as in UCF101
    labels, groups = [], []
    for label in range(4):
        for group in range(18):
            size = int(torch.randint(4, 8, (), generator=generator))
            labels += [label] * size
            groups += [(label, group)] * size
    labels = torch.tensor(labels)
    held = hold_out(labels, groups, 0.2, seed)
    for group in set(groups):
        rows = torch.tensor([g == group for g in groups])
        assert held[rows].all() or not held[rows].any()
    for label in range(4):
        size = (labels == label).sum().item()
        got = held[labels == label].sum().item()
        assert 0.2 * size <= got < 0.2 * size + 7
    assert torch.equal(held, hold_out(labels, groups, 0.2, seed))
    assert not torch.equal(held, hold_out(labels, groups, 0.2, seed + 1))


def test_a_pair_of_two_classes_stays_together():
    # videos 2n and 2n + 1 show one scene, forwards and backwards
    labels = torch.tensor([0, 1] * 20)
    held = hold_out(labels, [row // 2 for row in range(40)], 0.25)
    assert torch.equal(held[::2], held[1::2])
    assert held.sum() == 10


def test_a_class_of_one_group_stays_in_training():
    labels = torch.tensor([0, 0, 0, 1, 1, 1])
    held = hold_out(labels, ['a', 'a', 'a', 'b', 'c', 'd'], 0.5)
    assert not held[:3].any()
    assert held[3:].sum() == 2
    with pytest.raises(ValueError, match='can be held out'):
        hold_out(torch.tensor([0, 1]), ['a', 'b'])


@pytest.mark.parametrize('share', [0, 1, -0.5])
def test_shares(share):
    with pytest.raises(ValueError, match=r'share in \(0, 1\)'):
        hold_out(torch.tensor([0, 0]), ['a', 'b'], share)
