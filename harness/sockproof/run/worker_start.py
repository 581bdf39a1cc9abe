"""Starts a worker: a script beside the interpreter, which runs what a ``-c`` behind it says.

As ``-c`` itself does, but no module of the user's in the current folder comes before those of the
standard library. ``-P`` would do that from Python 3.11 on. It loads the sockproof of the command,
though another may be installed. What it tells on its standard error, which is that of the command,
is made visible.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[:] = [folder for folder in sys.path if folder and folder != str(Path(__file__).parent)]
    sources = str(Path(__file__).parents[2])
    sys.path.insert(0, sources)
    import sockproof.standard_streams

    sys.path[:] = [*sys.path[1:], sources]  # nothing beside it comes before the standard library
    sockproof.standard_streams.make_errors_visible()
    exec(sys.argv[sys.argv.index("-c") + 1])
