"""R3D-50 of CVRL, from the TensorFlow Model Garden: ``from_cvrl.py IN OUT``.

    python tools/model_converters/from_cvrl.py cvrl_k400.npz checkpoints

IN are the variables of a TensorFlow checkpoint; where TensorFlow is
installed, they are written by

    import numpy, tensorflow as tf
    reader = tf.train.load_checkpoint('r3d_1x_k400_800ep/ckpt-...')
    numpy.savez('cvrl_k400.npz', **{
        name: reader.get_tensor(name)
        for name in reader.get_variable_to_shape_map()
        if name.endswith('VARIABLE_VALUE')})

See docs/importing.md.
"""

from vsslcodebase.checkpoints.importers import command, cvrl

if __name__ == '__main__':
    command.main(__doc__, cvrl.convert, cvrl.add_options)
