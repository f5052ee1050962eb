"""R(2+1)D-101 (49,396,288 parameters), HCML Table 5.

Bottleneck blocks; those of res4 and res5 have a 3x1x1 before the 1x3x3. A
32x224x224 clip gives 2048x8x7x7. Not MMAction2's ``ResNet2Plus1d``.
"""
backbone = dict(
    type='FactorisedResNet3d',
    depth=101,
    conv1_kernel=(1, 7, 7),
    conv1_stride_t=1,
    conv1_stride_s=2,
    pool1_stride_t=1,
    pool1_stride_s=2,
    with_pool2=False,
    temporal_strides=(1, 2, 2, 1),
    inflate=(0, 0, 1, 1),
    zero_init_residual=False,
    norm_cfg=dict(type='SyncBN'))
