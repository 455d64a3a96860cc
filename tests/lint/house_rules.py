"""The rules no tool knows: who may include whom, purity of the core, no sleeping tests, headers that introduce themselves."""
import re
import sys

# folder -> folders it may include (itself always). The longest matching folder counts.
MAY_INCLUDE = {
    "proto": [],
    "actors/core": ["proto", "storage/store.hpp"],
    "storage": ["proto"],
    "memory": ["proto"],
    "net": ["proto", "memory"],
    "actors": ["actors/core", "storage", "net", "memory", "proto"],
    "chaos": ["proto", "memory", "chaos/page/render.hpp"],
    "chaos/page": ["proto", "chaos/drill/fault_class.hpp"],
    "chaos/sim": ["actors", "storage", "memory", "net", "proto", "chaos/linearizability.hpp"],
    "cli": ["actors", "net", "storage", "memory", "proto", "chaos"],
    "bench": ["chaos", "proto", "net"],
}
THIRD_PARTY = {
    # header pattern -> folders that may name it
    r"^rocksdb/": ["storage", "tests"],
    r"^caf/": ["actors", "chaos/sim", "tests"],
    r"^grpc": ["net", "cli", "chaos", "bench", "tests"],
    r"^spdlog/": ["actors", "cli"],
    r"^httplib": ["net", "cli", "tests"],
}
PURE = re.compile(r"system_clock|steady_clock|random_device|std::thread|std::mutex|fopen|socket\(")
SLEEP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(")

problems = []


def folder_of(path):
    return max((f for f in MAY_INCLUDE if path.startswith(f + "/")), key=len, default=None)


for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as f:
        text = f.read()
    folder = folder_of(path)
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{path}:{number}"
        if m := re.match(r'#include "([^"]+)"', line):
            target = m.group(1)
            target_folder = folder_of(target)
            if folder and target_folder and target_folder != folder:
                allowed = MAY_INCLUDE[folder]
                if target_folder not in allowed and target not in allowed:
                    problems.append(f"{where}: {folder} may not include {target}")
        if m := re.match(r"#include <([^>]+)>", line):
            for pattern, folders in THIRD_PARTY.items():
                if re.match(pattern, m.group(1)) and not any(path.startswith(f + "/") for f in folders):
                    problems.append(f"{where}: {m.group(1)} does not belong in this folder")
        if folder == "actors/core" and (m := PURE.search(line)):
            problems.append(f"{where}: {m.group(0)} in the core, which is pure")
        if path.startswith("tests/") and SLEEP.search(line) and not line.lstrip().startswith("//"):
            problems.append(f"{where}: a test sleeps; wait for a condition instead")
        if re.search(r"/(home|work|root|Users)/\w", line):
            problems.append(f"{where}: a path of one machine")
    if path.endswith(".hpp") and not text.startswith("//"):
        problems.append(f"{path}: the header does not say what it is")
    lines = text.count("\n")
    if lines > 700:
        problems.append(f"{path}: {lines} lines; look for the noun that wants its own file")

print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
sys.exit(1 if problems else 0)
