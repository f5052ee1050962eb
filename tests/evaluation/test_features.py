import torch
from mmaction.structures import ActionDataSample
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope
from torch.utils.data import DataLoader

from vsslcodebase.evaluation import extract_features
from vsslcodebase.registry import MODELS


class Clips(torch.utils.data.Dataset):
    """Seven videos of two clips; the even ones have a label."""

    def __len__(self):
        return 7

    def __getitem__(self, index):
        generator = torch.Generator().manual_seed(index)
        shape = (2, 3, 2, 8, 8)
        sample = ActionDataSample(metainfo=dict(video_id=10 + index))
        if index % 2 == 0:
            sample.set_gt_label(index)
        inputs = torch.randint(
            0, 256, shape, generator=generator, dtype=torch.uint8
        )
        return dict(inputs=inputs, data_samples=sample)


def loader():
    return DataLoader(Clips(), batch_size=3, collate_fn=pseudo_collate)


BACKBONE = dict(type='vsslcodebase.SmallR3D', widths=(4, 6))


def trunk():
    torch.manual_seed(0)
    return MODELS.build(
        dict(
            type='VideoSelfSupervisor',
            backbone=BACKBONE,
            neck=dict(type='ProjectionNeck', in_channels=6),
            head=dict(type='ContrastiveHead'),
        )
    )


def test_features_are_pooled_maps_in_order_with_labels():
    model = trunk().train()
    found = extract_features(model, loader(), progress=False)
    assert model.training
    assert found.labels.tolist() == [0, -1, 2, -1, 4, -1, 6]
    assert found.video_ids.tolist() == [*range(10, 17)]
    model.eval()
    video = model.data_preprocessor(dict(inputs=[Clips()[4]['inputs']]))
    expected = model(video['inputs']).mean((0, 2, 3, 4))
    torch.testing.assert_close(found.features[4], expected)
    assert not found.features.requires_grad


def test_extraction_changes_no_statistics():
    model = trunk().train()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    extract_features(model, loader(), progress=False)
    for key, value in model.state_dict().items():
        assert torch.equal(value, before[key])


def test_clips_and_cells_may_be_kept_apart():
    model = trunk()
    mean = extract_features(model, loader(), progress=False).features
    clips = extract_features(
        model, loader(), average_clips=False, progress=False
    ).features
    cells = extract_features(
        model, loader(), pool_size=2, progress=False
    ).features
    assert clips.shape == (7, 2, 6)
    torch.testing.assert_close(clips.mean(1), mean)
    # the map is 2 x 2, so that its cells average to the whole
    torch.testing.assert_close(cells.view(7, 6, 4).mean(2), mean)


def test_mmactions_recognizer_gives_the_same_features():
    model = trunk()
    with DefaultScope.overwrite_default_scope('mmaction'):
        recognizer = MODELS.build(
            dict(
                type='Recognizer3D',
                backbone=BACKBONE,
                data_preprocessor=dict(
                    type='vsslcodebase.ClipDataPreprocessor'
                ),
            )
        )
    recognizer.backbone.load_state_dict(model.backbone.state_dict())
    first, second = (
        extract_features(m, loader(), progress=False)
        for m in (model, recognizer)
    )
    assert torch.equal(first.features, second.features)


def test_progress_counts_batches(capsys):
    extract_features(trunk(), loader())
    assert '3/3' in capsys.readouterr().out
