"""The demonstration: from no data at all to a page of results on a CPU.

``tools/demo.py`` is its command. It writes motion-mini, pre-trains two
networks with ``tools/train.py``, and probes what they and an untrained
network know of motion, appearance and scene.
"""
