"""Makes sure of the packages that the application needs, in a virtual environment below `target`.

Prints `python` and the path of its Python; or `missing` and why it cannot be had, and ends with 1. Several processes may run
this at once: one installs, the others wait. It needs no package, and an old Python gets far enough to be told so.
"""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.normpath(os.path.join(HERE, "..", "..", "target", "django"))
PYTHON = os.path.join(FOLDER, "bin", "python")
REQUIREMENTS = os.path.join(HERE, "requirements.txt")
# Written last: says what is installed, and for which Python.
STAMP = os.path.join(FOLDER, "installed.txt")
# The first whose ISO dates are as the sandbox reads them.
OLDEST = (3, 11)


class Missing(Exception):
    """Why the application cannot run on this machine."""


def run(failure, *command):
    """Runs a command in silence."""
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if ended.returncode != 0:
        lines = ended.stdout.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
        raise Missing(failure + ": " + lines[-1])


def install():
    """From nothing: what an interrupted one left is not trusted."""
    print("installing the packages of tests/django", file=sys.stderr)
    run("no virtual environment (Debian: python3-venv)", sys.executable, "-m", "venv", "--clear", FOLDER)
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "2"]
    run("no packages from PyPI", *pip, "--requirement", REQUIREMENTS)


def prepare():
    """Installs what is missing."""
    if sys.version_info < OLDEST:
        raise Missing("Python %d.%d is older than %d.%d" % (*sys.version_info[:2], *OLDEST))
    try:
        import fcntl
    except ImportError:
        raise Missing("this system has no locks on files as Unix has them")
    with open(REQUIREMENTS) as file:
        wanted = sys.version + "\n" + file.read()
    os.makedirs(os.path.dirname(FOLDER), exist_ok=True)
    with open(FOLDER + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(STAMP) and os.path.exists(PYTHON):
            with open(STAMP) as file:
                if file.read() == wanted:
                    return
        install()
        with open(STAMP, "w") as file:
            file.write(wanted)


try:
    prepare()
    print("python " + PYTHON)
except (Missing, OSError) as missing:
    # A disk that is full or cannot be written is one more reason to skip.
    print("missing %s" % missing)
    sys.exit(1)
