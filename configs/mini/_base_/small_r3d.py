"""Four strided convolutions: 8x32x32 comes out as 2x2x2, 128 channels."""
backbone = dict(
    type='SmallR3D',
    widths=(16, 32, 64, 128),
    spatial_strides=(2, 2, 2, 2),
    temporal_strides=(1, 2, 2, 1),
    norm_cfg=dict(type='BN3d'))

neck = dict(
    in_channels=128,
    hidden_channels=256,
    out_channels=64,
    num_hidden=1,
    pool_size=2,  # keeps where things are, in four cells
    norm_cfg=dict(type='BN1d'),  # one process
    last_bn=True)  # ends the plateau of the order task

# one for all of them: what is trained on some colours is tested on the same
data_preprocessor = dict(
    type='ClipDataPreprocessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375])
