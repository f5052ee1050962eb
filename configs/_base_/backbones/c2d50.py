"""C2D-50 (23,508,032 parameters), CORP Table 5: no kernel spans time.

Wang et al. (2018) pool time twice more; here the strides are those of
R3D-50, so that the rows of Table 5 differ in their kernels only.
"""
backbone = dict(
    type='VideoResNet3d',
    depth=50,
    conv1_kernel=(1, 7, 7),
    conv1_stride_t=2,
    conv1_stride_s=2,
    pool1_stride_t=1,
    pool1_stride_s=2,
    with_pool2=False,
    inflate=0,
    zero_init_residual=False,
    norm_cfg=dict(type='SyncBN'))
