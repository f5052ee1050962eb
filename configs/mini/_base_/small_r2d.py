"""A ResNet-18 of a quarter of the width, without a kernel in time.

8x32x32 comes out as 128x8x2x2. Frames meet in the global average only: the
order of a clip is invisible, but to motion blocks.
"""
backbone = dict(
    type='VideoResNet3d',
    depth=18,
    base_channels=16,
    conv1_kernel=(1, 5, 5),
    conv1_stride_t=1,
    conv1_stride_s=2,
    with_pool1=False,
    with_pool2=False,
    temporal_strides=(1, 1, 1, 1),
    inflate=0,
    zero_init_residual=False,
    norm_cfg=dict(type='BN3d'))

# at 16, 8 and 4 px: displacements of up to 3 px one by one, 49 as in the paper
motion_backbone = dict(
    type='MotionResNet3d',
    backbone=backbone,
    levels=(0, 1, 2),
    block=dict(
        reduction=2,
        motion_channels=16,
        max_displacement=3,
        stride=1,
        norm_cfg=dict(type='BN3d')))

motion_head = dict(
    type='MotionHierarchyHead',
    flow_channels=(16, 16, 12, 8, 4),  # an eighth
    hidden_channels=64,
    num_positions=16,
    # with 0.1, as in the large configs, no flow at all costs less than the true
    # one: what moves is small here, before a still background
    smoothness=0.01)

data_preprocessor = dict(
    type='ClipDataPreprocessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375])

