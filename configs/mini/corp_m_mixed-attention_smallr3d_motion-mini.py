"""CORP_m with multi-head ("mixed") attention: the question of Table 6c.

Run: python tools/train.py
    configs/mini/corp_m_mixed-attention_smallr3d_motion-mini.py
"""
_base_ = './corp_m_smallr3d_motion-mini.py'

model = dict(
    head=dict(
        relation=dict(_delete_=True, type='MixedAttention', num_heads=64)))
