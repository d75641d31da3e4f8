#!/bin/sh
# Makes .venv and installs what is pinned in requirements*.lock.txt; the Makefile calls it when something is missing.
#
#   tools/environment.sh core    what simulating and decoding need: one YAML reader, and vrrplab itself
#   tools/environment.sh lab     that, JupyterLab and the plots: what the lessons need
#   tools/environment.sh all     that and the test tools
#   tools/environment.sh fuzz    what fuzzing needs besides, beside either
#
# It takes the first way that works here: uv; Python's own venv and pip; a private uv in .boot (Debian without
# python3-venv). Set PYTHON=... to choose the interpreter, at least 3.11, and WHEEL=... to install vrrplab from
# that file, as somebody has it who has no checkout.
set -eu
cd "$(dirname "$0")/.."
want=${1:?core, lab, all or fuzz}

# What is fetched has the hash that is committed here; and it is never built, which would fetch build tools unseen.
checked="--only-binary :all: --require-hashes"

say() { printf '%s\n' "$*" >&2; }

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
        if is_new_enough "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    say "vrrplab needs Python 3.11 or newer, and found none${PYTHON:+ (PYTHON=$PYTHON)}."
    say "On Debian or Ubuntu: sudo apt install python3 python3-venv. Or name one: make PYTHON=/path/to/python3 ..."
    exit 1
}

find_uv() {
    # A version manager's shim can be on PATH and still fail, so it is asked for something.
    for candidate in uv .boot/bin/uv; do
        if "$candidate" --version >/dev/null 2>&1; then
            printf '%s' "$candidate"
            return
        fi
    done
}

make_venv() {
    python=$(find_python)
    say "Making .venv with $("$python" --version) (once) ..."
    rm -rf .venv
    uv=$(find_uv)
    if [ -n "$uv" ]; then
        "$uv" venv --quiet --no-python-downloads --python "$python" .venv
        return
    fi
    if "$python" -m venv .venv >/dev/null 2>&1; then
        return
    fi
    # Debian splits venv and ensurepip off; uv needs neither, and --target may be used where pip may not.
    rm -rf .venv
    boot="pip install --quiet --disable-pip-version-check --target .boot"
    if "$python" -m $boot $checked -r requirements-uv.lock.txt; then
        .boot/bin/uv venv --quiet --no-python-downloads --python "$python" .venv
        return
    fi
    say "This Python can make no environment: it has neither venv nor pip, and there is no uv."
    say "On Debian or Ubuntu: sudo apt install python3-venv"
    exit 1
}

install() {
    uv=$(find_uv)
    if [ -n "$uv" ]; then
        "$uv" pip install --quiet --python .venv/bin/python "$@"
    elif .venv/bin/python -m pip --version >/dev/null 2>&1; then
        .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"
    else
        say "The environment in .venv has no pip, and there is no uv to fill it: remove .venv and run make again."
        exit 1
    fi
}

# JupyterLab would begin every fresh start by asking about news. Its own script for node would be read by the rules
# of the nearest package.json, which is ours and fits only our scripts.
settle_jupyterlab() {
    echo '{"type": "commonjs"}' >.venv/package.json
    .venv/bin/python -m jupyter labextension disable "@jupyterlab/apputils-extension:announcements" \
        >/dev/null 2>&1 || true
}

[ -x .venv/bin/python ] && is_new_enough .venv/bin/python || make_venv

case $want in
core)
    install $checked -r requirements-core.lock.txt
    if [ -n "${WHEEL:-}" ]; then install --no-deps "$WHEEL"; else install --no-deps --no-build-isolation -e .; fi
    # Where PYTHONDONTWRITEBYTECODE is set nobody else would do it, and each start would compile everything anew.
    [ -n "${WHEEL:-}" ] || .venv/bin/python -m compileall -q vrrplab .venv/lib/python3*/site-packages/ruamel || true
    ;;
lab)
    say "Installing JupyterLab and plots into .venv (once; seconds with uv, a minute or two with pip) ..."
    install $checked -r requirements-lab.lock.txt
    settle_jupyterlab
    ;;
all)
    say "Installing JupyterLab, plots and test tools into .venv (once; seconds with uv, a minute or two with pip) ..."
    install $checked -r requirements.lock.txt
    settle_jupyterlab
    touch .venv/.ready-lab # it is in there
    ;;
fuzz)
    install $checked -r fuzz/requirements.txt
    ;;
*)
    say "core, lab, all or fuzz, not $want"
    exit 2
    ;;
esac
touch ".venv/.ready-$want"
