"""I3D-50 without non-local blocks (27,223,872 parameters), CORP Table 5.

Temporal kernels in every second block, as Wang et al. (2018, Table 1) place
them; the strides are those of R3D-50, so that every stage has its size.
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
    inflate=((1, 1, 1), (1, 0, 1, 0), (1, 0, 1, 0, 1, 0), (0, 1, 0)),
    zero_init_residual=False,
    norm_cfg=dict(type='SyncBN'))
