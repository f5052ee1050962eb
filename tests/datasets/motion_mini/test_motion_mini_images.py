import cv2
import numpy as np
import pytest

from vsslcodebase.datasets.motion_mini import (
    DatasetSpec,
    level_knobs,
    make_dataset,
    plan_split,
    render_video,
)
from vsslcodebase.datasets.motion_mini.images import (
    crop_photo,
    list_images,
    load_photo,
    load_sprite,
)


def fill(root, color_of, per_group=4, groups=8):
    for g in range(groups):
        (root / f'group{g}').mkdir(parents=True)
        for n in range(per_group):
            cv2.imwrite(str(root / f'group{g}' / f'{n}.png'), color_of(g, n))
    return str(root)


@pytest.fixture
def sprites(tmp_path):
    def bar(g, n):
        image = np.zeros((20, 40, 4), np.uint8)
        image[:, :] = (0, 0, 30 * g, 255)  # BGRA: red says the group
        return image

    return fill(tmp_path / 'sprites', bar)


@pytest.fixture
def photos(tmp_path):
    return fill(
        tmp_path / 'photos',
        lambda g, n: np.full((50, 60, 3), (0, 30 * g, 60 * n), np.uint8),
    )


def test_splits_share_no_file(sprites):
    listed = list_images(sprites)
    assert list(listed) == [f'group{g}' for g in range(8)]
    for train, val, test in listed.values():
        assert [f.stem for f in train] == ['0', '3']
        assert [f.stem for f in val] == ['1']
        assert [f.stem for f in test] == ['2']


def test_sprite_is_premultiplied_and_fits_the_circle(tmp_path):
    image = np.zeros((30, 40, 4), np.uint8)
    image[:, :] = (10, 20, 200, 128)
    cv2.imwrite(str(tmp_path / 'a.png'), image)
    sprite = load_sprite(tmp_path / 'a.png', 50)
    inside = sprite[25, 25]
    np.testing.assert_allclose(inside[3], 128 / 255, rtol=1e-5)
    np.testing.assert_allclose(
        inside[:3], np.array([200, 20, 10]) * 128 / 255, rtol=1e-5
    )
    rows = np.flatnonzero(sprite[:, 25, 3])
    columns = np.flatnonzero(sprite[25, :, 3])
    assert (len(rows), len(columns)) == (30, 40)  # 3:4:5, the diagonal is 50


def test_videos_show_the_given_sprites_and_photos(sprites, photos):
    knobs = level_knobs(
        'easy',
        size=32,
        num_frames=2,
        background_contrast=1.0,
        sprite_dir=sprites,
        photo_dir=photos,
    )
    for plan in plan_split('val', 32, knobs, seed=0):
        video = render_video(plan, knobs).reshape(-1, 3).astype(int)
        scene = (60, 30 * plan.scene, 0)  # val has file 1 only
        thing = (30 * plan.appearance, 0, 0)
        for color in (scene, thing):
            assert (np.abs(video - color).max(axis=1) <= 1).any(), color


def test_class_names_are_those_of_the_folders(tmp_path, sprites):
    knobs = level_knobs('easy', size=16, num_frames=2, sprite_dir=sprites)
    make_dataset(tmp_path / 'out', DatasetSpec(knobs, (2, 2, 0)), workers=0)
    names = (tmp_path / 'out' / 'classes_appearance.txt').read_text()
    assert names.split() == [f'group{g}' for g in range(8)]


def test_changed_images_make_another_data_set(tmp_path, sprites):
    knobs = level_knobs('easy', size=16, num_frames=2, sprite_dir=sprites)
    spec = DatasetSpec(knobs, (2, 0, 0))
    make_dataset(tmp_path / 'out', spec, workers=0)
    (tmp_path / 'sprites' / 'group0' / '9.png').write_bytes(b'new')
    list_images.cache_clear()
    with pytest.raises(ValueError, match=r'images\.sprite_dir is'):
        make_dataset(tmp_path / 'out', spec, workers=0)


def test_crops_are_squares_from_within_the_photo(tmp_path):
    photo = np.zeros((40, 80, 3), np.uint8)
    photo[..., 0] = np.arange(80)
    cv2.imwrite(str(tmp_path / 'a.png'), photo[..., ::-1])
    loaded = load_photo(tmp_path / 'a.png')
    np.testing.assert_array_equal(loaded, photo)
    for seed in range(10):
        crop = crop_photo(loaded, np.random.default_rng(seed), 40)
        assert crop.shape == (40, 40, 3)
        assert 22 <= np.ptp(crop[..., 0]) <= 40  # 60 to 100 % of 40 columns


def test_folders_of_another_shape_are_errors(tmp_path):
    with pytest.raises(ValueError, match='is not a folder'):
        list_images(str(tmp_path / 'none'))
    image = np.zeros((4, 4, 3), np.uint8)
    three = fill(tmp_path / 'three', lambda g, n: image, groups=3)
    with pytest.raises(ValueError, match=r'8 sub-folders.*got 3'):
        list_images(three)
    few = fill(tmp_path / 'few', lambda g, n: image, per_group=2)
    with pytest.raises(ValueError, match=r'at least 3 images.*got 2'):
        list_images(few)


@pytest.mark.parametrize('workers', [0, 2])
def test_unusable_sprites_are_named(tmp_path, workers):
    opaque = fill(
        tmp_path / 'opaque', lambda g, n: np.zeros((8, 8, 3), np.uint8)
    )
    knobs = level_knobs('easy', size=16, num_frames=2, sprite_dir=opaque)
    with pytest.raises(ValueError, match=r'png must be an 8-bit RGBA image'):
        make_dataset(
            tmp_path / 'out', DatasetSpec(knobs, (8, 0, 0)), workers=workers
        )


def test_files_that_are_no_images_are_named(tmp_path):
    (tmp_path / 'a.png').write_text('hello')
    with pytest.raises(ValueError, match=r'a\.png cannot be read'):
        load_photo(tmp_path / 'a.png')
