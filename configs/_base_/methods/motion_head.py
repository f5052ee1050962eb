"""What HCML learns from motion without labels, and drops when it is trained.

Sections 3.2 and 3.3. The weights are of joint training: lambda of the
reconstruction, gamma of the levels 1 and 2 (Appendix B.2).
"""
motion_head = dict(
    type='MotionHierarchyHead',
    flow_level=0,
    contrast_levels=(1, 2),
    hidden_channels=256,
    num_steps=3,
    num_positions=32,
    temperature=0.07,
    smoothness=0.1,
    photo_norm='valid',  # 'all': Eq. 3 as printed
    loss_weights=(15.0, 0.25, 0.25))
