"""CORP_m with the order task alone: the question of Table 6a.

Run: python tools/train.py
    configs/mini/corp_m_order-only_smallr3d_motion-mini.py
"""
_base_ = './corp_m_smallr3d_motion-mini.py'

model = dict(head=dict(task='order'))
