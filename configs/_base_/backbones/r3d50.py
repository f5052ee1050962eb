"""R3D-50 of CVRL (31,672,128 parameters), the network of CORP.

CORP section 3.1: I3D-style ResNet-50 whose stages have CVRL's resolutions.
A 16x224x224 clip gives 2048x8x7x7: only conv1 halves time.
"""
backbone = dict(
    type='VideoResNet3d',
    depth=50,
    conv1_kernel=(5, 7, 7),
    conv1_stride_t=2,
    conv1_stride_s=2,
    pool1_stride_t=1,
    pool1_stride_s=2,
    with_pool2=False,
    inflate=(0, 0, 1, 1),  # 3x1x1 in every block of res4 and res5
    zero_init_residual=False,
    norm_cfg=dict(type='SyncBN'))
