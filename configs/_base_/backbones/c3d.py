"""C3D with BatchNorm (27,661,440 parameters), Pace Prediction section 3.3.

Without fully connected layers: the form in which VCOP, VCP and PRP, beside
which the paper prints it, have it. A 16x112x112 clip gives 512x2x7x7.
"""
backbone = dict(type='C3DBN')
