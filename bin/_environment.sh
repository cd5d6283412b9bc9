# Sourced by the scripts beside it.  Plain POSIX sh; tested with dash.

# environment BIN FOLDER LOCK: set $root to the checkout that BIN lies in, and return when $root/FOLDER holds what
# $root/ci/LOCK asks for, made now if need be.  Ends the script, with a line on stderr that says what to do, when it
# cannot be made.
environment() {
    root=
    case $1 in
        /*/bin) [ -h "$1" ] || root=${1%/bin} ;;
    esac
    # Rarer ways to be called pay for a subshell.
    [ -n "$root" ] || root=$(CDPATH='' cd -P -- "$1/.." && pwd) || exit 3
    wanted= built=
    { read -r wanted <"$root/ci/$3"; read -r built <"$root/$2/built-from"; } 2>/dev/null
    # The first line of a lock file is the digest of the rest.  A venv whose Python has gone is made again.
    if [ -n "$wanted" ] && [ "$wanted" = "$built" ] && [ -x "$root/$2/bin/python" ]; then
        return
    fi
    root=$(CDPATH='' cd -P -- "$root" && pwd) || exit 3
    find_python
    "$python" -I "$root/bin/_environment.py" "$root/$2" "$root/ci/$3" || exit $?
}

# find_python: set $python to a Python of 3.11 or newer that can make environments, else end the script.
find_python() {
    without_ensurepip=
    if [ -n "${REPORTGOV_PYTHON:-}" ]; then
        usable "$REPORTGOV_PYTHON" && return
        [ -n "$without_ensurepip" ] || fail "REPORTGOV_PYTHON=$REPORTGOV_PYTHON is not a Python 3.11 or newer"
    else
        # cron's PATH may hold an old python3 only, or none; HOME may not be set at all.
        home=${HOME:-$(eval "echo ~$(id -un)")}
        for name in python3 python3.14 python3.13 python3.12 python3.11; do
            for folder in "" /usr/local/bin /usr/bin /opt/homebrew/bin /opt/local/bin "$home/.local/bin" "$home/.pyenv/shims"; do
                usable "${folder:+$folder/}$name" && return
            done
        done
        for candidate in "$home"/.pyenv/versions/3.*/bin/python3 /opt/python/*/bin/python3; do
            usable "$candidate" && return
        done
    fi
    if [ -n "$without_ensurepip" ]; then
        fail "$without_ensurepip cannot make environments: it has no ensurepip" \
            "On Debian and Ubuntu: apt install python3-venv.  Or name another Python in REPORTGOV_PYTHON."
    fi
    fail "no Python 3.11 or newer found" \
        "Install one (Debian and Ubuntu: apt install python3 python3-venv), or name one in REPORTGOV_PYTHON."
}

# usable NAME: whether it runs, is new enough and has what a venv needs; sets $python.
usable() {
    command -v "$1" >/dev/null 2>&1 || return 1
    "$1" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 </dev/null || return 1
    if "$1" -I -c 'import ensurepip, venv' >/dev/null 2>&1 </dev/null; then
        python=$1
        return 0
    fi
    without_ensurepip=$1
    return 1
}

fail() {
    echo "${0##*/}: $1" >&2
    [ -z "${2:-}" ] || echo "$2" >&2
    exit 3
}
