"""CVRL's R3D-50: TensorFlow's variables give TensorFlow's features."""

import io
import pickle
import zipfile

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from peer_toys import assert_same_features, random_clip, random_frames

from vsslcodebase.checkpoints.importers import cvrl
from vsslcodebase.checkpoints.importers.renaming import filled_backbone
from vsslcodebase.compat import CheckpointError
from vsslcodebase.models.backbones.pretrained import load_strictly
from vsslcodebase.registry import MODELS

WIDTH = 4
BLOCKS = (3, 4, 6, 3)
LENGTHS = (1, 1, 3, 3)  # temporal kernels by stage
SUFFIX = '/.ATTRIBUTES/VARIABLE_VALUE'


def random_variables(width=WIDTH, blocks=BLOCKS):
    """Return arrays by the names of a garden checkpoint, kernels THWIO."""
    generator = np.random.default_rng(0)
    variables = {}

    def add_conv(name, *shape):
        scale = (2 / np.prod(shape[:4])) ** 0.5
        variables[f'{name}/kernel'] = generator.normal(0, scale, shape)

    def add_norm(name, channels):
        for part, values in dict(
            gamma=generator.uniform(0.5, 1.5, channels),
            beta=generator.normal(0, 0.2, channels),
            moving_mean=generator.normal(0, 0.2, channels),
            # small enough for the epsilon to show
            moving_variance=generator.uniform(0.01, 1, channels),
        ).items():
            variables[f'{name}/{part}'] = values

    layer = 'backbone/layer_with_weights-'
    add_conv(f'{layer}0', 5, 7, 7, 3, width)
    add_norm(f'{layer}1', width)
    number, inside = 2, width
    for stage, (count, length) in enumerate(zip(blocks, LENGTHS)):
        inner = width * 2**stage
        for _ in range(count):
            block = f'{layer}{number}'
            if inside != 4 * inner:
                add_conv(f'{block}/_shortcut_conv', 1, 1, 1, inside, 4 * inner)
                add_norm(f'{block}/_norm0', 4 * inner)
            add_conv(f'{block}/_temporal_conv', length, 1, 1, inside, inner)
            add_norm(f'{block}/_norm1', inner)
            add_conv(f'{block}/_spatial_conv', 1, 3, 3, inner, inner)
            add_norm(f'{block}/_norm2', inner)
            add_conv(f'{block}/_expand_conv', 1, 1, 1, inner, 4 * inner)
            add_norm(f'{block}/_norm3', 4 * inner)
            number, inside = number + 1, 4 * inner
    return {
        name + SUFFIX: values.astype('f4')
        for name, values in variables.items()
    }


def same_pad(x, kernel, stride, value=0.0):
    """Pad (N, C, T, H, W) as the documentation of tf.nn says."""
    pads = []
    for size, length, step in zip(x.shape[2:], kernel, stride):
        left_over = size % step or step
        total = max(length - left_over, 0)
        pads = [total // 2, total - total // 2, *pads]
    return F.pad(x, pads, value=value)


@torch.no_grad()
def tensorflow_features(variables, x, blocks=BLOCKS, eps=1e-3):
    """Run the network of the variables, as their own code does."""

    def value(name):
        return torch.from_numpy(variables[name + SUFFIX])

    def conv(x, name, stride=(1, 1, 1)):
        kernel = value(f'{name}/kernel')
        x = same_pad(x, kernel.shape[:3], stride)
        return F.conv3d(x, kernel.permute(4, 3, 0, 1, 2), stride=stride)

    def norm(x, name):
        x = x.movedim(1, -1)
        x = (x - value(f'{name}/moving_mean')) * torch.rsqrt(
            value(f'{name}/moving_variance') + eps
        )
        x = x * value(f'{name}/gamma') + value(f'{name}/beta')
        return x.movedim(-1, 1)

    layer = 'backbone/layer_with_weights-'
    x = torch.relu(norm(conv(x, f'{layer}0', (2, 2, 2)), f'{layer}1'))
    x = same_pad(x, (1, 3, 3), (1, 2, 2), -torch.inf)
    x = F.max_pool3d(x, (1, 3, 3), (1, 2, 2))
    number = 2
    for stage, count in enumerate(blocks):
        for index in range(count):
            block = f'{layer}{number}'
            stride = (1, 2, 2) if stage and not index else (1, 1, 1)
            direct = x
            if not index:
                direct = conv(x, f'{block}/_shortcut_conv', stride)
                direct = norm(direct, f'{block}/_norm0')
            x = conv(x, f'{block}/_temporal_conv')
            x = torch.relu(norm(x, f'{block}/_norm1'))
            x = conv(x, f'{block}/_spatial_conv', stride)
            x = torch.relu(norm(x, f'{block}/_norm2'))
            x = norm(conv(x, f'{block}/_expand_conv'), f'{block}/_norm3')
            x = torch.relu(x + direct)
            number += 1
    return x


def save(folder, variables):
    path = folder / 'cvrl.npz'
    np.savez(path, **variables)
    return path


@pytest.mark.parametrize('size', [(8, 32, 32), (5, 36, 33)])
def test_variables_give_the_features_of_tensorflow(tmp_path, size):
    variables = random_variables()
    steps = np.array(800, 'i8')
    path = save(tmp_path, dict(variables, **{f'save_counter{SUFFIX}': steps}))
    imported = cvrl.convert(path)
    assert imported.left_out == []
    clip = random_clip(1, 3, *size)
    theirs = tensorflow_features(variables, clip)
    assert_same_features(filled_backbone(imported), theirs, clip)


def test_padding_and_epsilon_each_matter(tmp_path):
    """The network of r3d50.py takes the same weights, for other features."""
    variables = random_variables()
    path = save(tmp_path, variables)
    imported = cvrl.convert(path)
    clip = random_clip(1, 3, 8, 32, 32)
    theirs = tensorflow_features(variables, clip)
    for change in (
        dict(type='VideoResNet3d'),
        dict(norm_cfg=dict(type='SyncBN', eps=1e-5)),
    ):
        ours = MODELS.build({**imported.backbone, **change}).eval()
        load_strictly(ours, imported.state, 'cvrl')
        with torch.no_grad():
            far = (ours(clip) - theirs).abs().max() / theirs.abs().max()
        assert far > 1e-3
    same = tensorflow_features(variables, clip, eps=1e-5)
    other = filled_backbone(cvrl.convert(path, eps=1e-5))
    assert_same_features(other, same, clip)


def test_the_projection_of_a_whole_training_is_left_out(tmp_path):
    head = f'model/layer_with_weights-1/kernel{SUFFIX}'
    slot = (
        'backbone/layer_with_weights-0/kernel/.OPTIMIZER_SLOT/optimizer/'
        f'momentum{SUFFIX}'
    )
    variables = random_variables()
    extra = {head: np.zeros((4, 4), 'f4'), slot: np.zeros((1,), 'f4')}
    imported = cvrl.convert(save(tmp_path, {**variables, **extra}))
    assert sorted(imported.left_out) == sorted([head, slot])
    assert len(imported.state) == len(variables)


def test_colours_are_those_of_their_pipeline(tmp_path):
    """They convert to float, which divides by 255, and no more."""
    frames = random_frames(2, 3, 4, 5, 6)
    theirs = frames.float() / 255
    torch.testing.assert_close(
        cvrl.CONTRACT.normalise(frames), theirs, rtol=0, atol=1e-6
    )
    assert cvrl.CONTRACT.network_range == (0, 1)


def test_another_depth_is_refused_by_its_seventeenth_block(tmp_path):
    path = save(tmp_path, random_variables(blocks=(3, 4, 7, 3)))
    with pytest.raises(ValueError, match='layer_with_weights-18') as error:
        cvrl.convert(path)
    assert str(path) in str(error.value)


def test_a_missing_variable_is_named(tmp_path):
    variables = random_variables()
    del variables[f'backbone/layer_with_weights-9/_norm2/gamma{SUFFIX}']
    path = save(tmp_path, variables)
    with pytest.raises(ValueError, match=r'layer3\.0\.conv2\.bn\.weight') as e:
        filled_backbone(cvrl.convert(path), path)
    assert str(path) in str(e.value)


def test_variables_of_another_network_are_named(tmp_path):
    path = save(tmp_path, {'resnet/conv1/kernel': np.zeros(3, 'f4')})
    with pytest.raises(ValueError, match='resnet/conv1/kernel') as error:
        cvrl.convert(path)
    assert 'cvrl.npz: 1 of 1 keys are not known' in str(error.value)


def test_objects_are_not_unpickled(tmp_path):
    class Runs:
        def __reduce__(self):
            return (open, (str(tmp_path / 'ran'), 'w'))

    path = tmp_path / 'cvrl.npz'
    np.savez(path, x=np.array([Runs()], dtype=object))
    with pytest.raises(CheckpointError, match=r'cvrl\.npz cannot be read'):
        cvrl.convert(path)
    assert not (tmp_path / 'ran').exists()


@pytest.mark.parametrize('content', [b'', b'no archive', pickle.dumps([1])])
def test_what_is_no_archive_is_an_error_that_names_it(tmp_path, content):
    path = tmp_path / 'cvrl.npz'
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r'cvrl\.npz cannot be read'):
        cvrl.convert(path)


def test_a_checkpoint_of_torch_is_no_archive_of_arrays(tmp_path):
    path = tmp_path / 'moco.pth'
    torch.save(dict(state_dict={'s1': torch.ones(1)}), path)
    with pytest.raises(CheckpointError, match=r'\(it holds .*data\.pkl') as e:
        cvrl.convert(path)
    assert str(path) in str(e.value)


def test_a_cut_off_archive_is_an_error_that_names_it(tmp_path):
    path = save(tmp_path, random_variables())
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(CheckpointError, match=r'cvrl\.npz cannot be read'):
        cvrl.convert(path)


def test_an_archive_of_any_claimed_size_is_not_unpacked(tmp_path, monkeypatch):
    path = save(tmp_path, random_variables())
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    monkeypatch.setattr(cvrl, 'MAX_BYTES', size - 1)
    with pytest.raises(CheckpointError, match='claims'):
        cvrl.convert(path)


def test_an_array_of_any_claimed_size_is_not_made(tmp_path):
    path, header = tmp_path / 'large.npz', io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, dict(descr='<f4', fortran_order=False, shape=(10**14,))
    )
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('a.npy', header.getvalue() + bytes(16))
    with pytest.raises(CheckpointError, match=r'large\.npz cannot be read'):
        cvrl.convert(path)


def test_no_file_and_no_epsilon_are_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'none\.npz'):
        cvrl.convert(tmp_path / 'none.npz')
    with pytest.raises(ValueError, match='eps must be a number above 0'):
        cvrl.convert(tmp_path / 'none.npz', eps=0.0)
