"""Other people's checkpoints as backbone files of ours.

One module per peer. Each has ``convert(path, **options) -> Imported``, which
renames every tensor by rule or refuses the file, and ``add_options(parser)``
where there is a choice. ``command.main`` makes a tool of such a module.
"""

from .renaming import Imported, peer_state, rename, write_imported

__all__ = ['Imported', 'peer_state', 'rename', 'write_imported']
