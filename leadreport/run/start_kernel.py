"""The Python process of a page: an IPython kernel of this environment, started as a file and never imported.

usage: start_kernel.py LOG [options of ipykernel]

What the process itself writes (a crash of a library, a message of the operating system) goes to the file LOG and not
to the terminal of the run.
"""

import os
import sys

if __name__ == "__main__":
    log = os.open(sys.argv.pop(1), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    # jsonschema (imported by Altair) would compile a grammar for international addresses: 1.3 s that no page needs.
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()
