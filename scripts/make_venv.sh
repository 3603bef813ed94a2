#!/bin/sh
# make_venv.sh FOLDER [PYTHON]: a virtual environment from the first Python on this machine that is new enough.
set -eu

folder=$1
wanted=${2:-python3}

for python in "$wanted" python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$python" >/dev/null 2>&1 &&
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            echo "$python cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2
            exit 2
        fi
        echo "Making $folder with $("$python" --version) ..."
        # Half an environment would pass for a whole one next time.
        "$python" -m venv "$folder" || { rm -rf "$folder"; exit 2; }
        exit 0
    fi
done

here=$("$wanted" --version 2>/dev/null || echo "no Python at all")
echo "Parlour needs Python 3.11 or newer, and here is $here. Install one, or name it: make PYTHON=/path/to/python3 ..." >&2
exit 2
