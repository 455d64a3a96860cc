#!/usr/bin/env python3
"""clang-tidy over files of a compilation database, one a core; what was clean is not looked at again.

    tidy.py BUILD_DIRECTORY FILE...

What clang-tidy says depends on itself, its configuration, the flags and the text of the file with all it includes. A
file whose hash of these was found clean before is passed over; hashes are kept as empty files below
$XDG_CACHE_HOME/quorate-tidy (~/.cache when unset), until nobody has asked for them for 30 days. Nothing is kept of a
file with findings. Comments count as text: they can silence a check.

Exit 0: all clean; 1: findings, printed; 2: something could not be run.
"""
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

KEPT_SECONDS = 30 * 24 * 3600


def known_by_build(build):
    commands = json.loads((build / "compile_commands.json").read_text())
    return {pathlib.Path(one["file"]).resolve(): one for one in commands}


def flags_of(command):
    """The compiler and its flags without what names this file, its output or this clone."""
    words = shlex.split(command["command"])
    if words[0].endswith("ccache"):
        words = words[1:]
    kept, skip = [], False
    for word in words:
        if skip or word in ("-o", "-c", "-MF", "-MT"):
            skip = not skip
            continue
        kept.append(word)
    return [word for word in kept if word not in ("-MD", "-MMD")]


def name_of(tool, file, command, root):
    """The hash; none when the file cannot be preprocessed: clang-tidy says why."""
    flags = flags_of(command)
    text = subprocess.run([*flags, "-E", "-C", "-P", str(file)], cwd=command["directory"], capture_output=True)
    if text.returncode != 0:
        return None
    mark = hashlib.sha256(tool)
    mark.update(" ".join(flags).replace(str(root), ".").encode())
    mark.update(str(file.relative_to(root)).encode())
    mark.update(text.stdout)
    return mark.hexdigest()


def main(build, files):
    root = pathlib.Path.cwd()
    build = pathlib.Path(build)
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "quorate-tidy"
    cache.mkdir(parents=True, exist_ok=True)
    for old in cache.iterdir():
        if old.stat().st_mtime < time.time() - KEPT_SECONDS:
            old.unlink(missing_ok=True)
    tool = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    tool += pathlib.Path(".clang-tidy").read_bytes()
    commands = known_by_build(build)

    def look(file):
        path = (root / file).resolve()
        name = name_of(tool, path, commands[path], root) if path in commands else None
        if name and (cache / name).exists():
            (cache / name).touch()
            return 0, False, ""
        end = subprocess.run(["clang-tidy", "--quiet", "-p", str(build), file], capture_output=True, text=True)
        if end.returncode == 0 and name:
            (cache / name).touch()
        noise = [line for line in end.stderr.splitlines() if line and "warnings generated" not in line]
        return end.returncode, True, "\n".join([*noise, end.stdout] if end.returncode else [])

    looked, failed = 0, 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for code, new, said in pool.map(look, files):
            looked += new
            failed += code != 0
            if said:
                print(said, flush=True)
    print(f"tidy: {len(files)} files, {looked} not seen before, {failed} with findings", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        print("tidy.py: takes a build directory and files", file=sys.stderr)
        sys.exit(2)
    try:
        sys.exit(main(sys.argv[1], sys.argv[2:]))
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        print(f"tidy.py: {error}", file=sys.stderr)
        sys.exit(2)
