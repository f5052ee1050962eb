"""Slow-only R50 8x8 (31,634,496 parameters), the network of LTN.

Feichtenhofer et al. (2019, 2021); LTN calls it R3D-50. It is MMAction2's
ResNet3dSlowOnly. An 8x224x224 clip gives 2048x8x7x7: time is never halved.
"""
backbone = dict(
    type='VideoResNet3d',
    depth=50,
    conv1_kernel=(1, 7, 7),
    conv1_stride_t=1,
    conv1_stride_s=2,
    pool1_stride_t=1,
    pool1_stride_s=2,
    with_pool2=False,
    inflate=(0, 0, 1, 1),  # 3x1x1 in every block of res4 and res5
    zero_init_residual=False,
    norm_cfg=dict(type='SyncBN'))
