"""Starts a worker: a script beside the interpreter, which runs what a ``-c`` behind it says.

As ``-c`` itself does, but no module of the user's in the current folder comes before those of the
standard library. ``-P`` would do that from Python 3.11 on. What it tells on its standard error,
which is that of the command, is made visible.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[:] = [folder for folder in sys.path if folder and folder != str(Path(__file__).parent)]
    sys.path.append(str(Path(__file__).parents[2]))
    from sockproof.standard_streams import make_errors_visible

    make_errors_visible()
    exec(sys.argv[sys.argv.index("-c") + 1])
