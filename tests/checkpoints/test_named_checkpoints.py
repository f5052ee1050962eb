"""Which files a config takes weights from."""

from vsslcodebase.checkpoints.named_checkpoints import named_checkpoints

MODEL = dict(
    backbone=dict(
        init_cfg=dict(type='Pretrained', checkpoint='outer.pth'),
        backbone=dict(init_cfg=dict(type='Pretrained', checkpoint='in.pth')),
    ),
    neck=[dict(init_cfg=dict(type='Normal', std=1, checkpoint='no.pth'))],
)


def test_all_parts_of_the_model(tmp_path):
    assert list(named_checkpoints(dict(model=MODEL))) == [
        'outer.pth',
        'in.pth',
    ]
    file = tmp_path / 'resnet.pth'
    file.touch()
    given = dict(backbone=dict(pretrained=str(file)))
    assert list(named_checkpoints(dict(model=given))) == [str(file)]
    absent = dict(backbone=dict(pretrained='torchvision://resnet50'))
    assert list(named_checkpoints(dict(model=absent))) == []


def test_load_from_stands_for_all():
    cfg = dict(model=MODEL, load_from='whole.pth')
    assert list(named_checkpoints(cfg)) == ['whole.pth']
    assert list(named_checkpoints(dict(cfg, resume=True))) == []
