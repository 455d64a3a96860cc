"""The steps of ai-memory's release gate, in words of our own, through the wrapper `ai-memory`.

    steps_test.py QUORATE STEP...

Each step is a function below; every run begins in an empty directory with one record stored. Prints what failed and
returns 1, or returns 0.
"""
import contextlib
import glob
import json
import os
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

wrapper = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ai-memory")
environment = {k: v for k, v in os.environ.items() if not k.startswith(("QUORATE_", "AI_MEMORY_", "COMPAT_"))}
started = []


class Failure(Exception):
    pass


def require(condition, what):
    if not condition:
        raise Failure(what)


def call(*arguments, text="", code=0, **more):
    ended = subprocess.run([wrapper, *arguments], input=text, capture_output=True, text=True, timeout=60,
                           env={**environment, **more})
    require(ended.returncode == code,
            f"{' '.join(arguments)}: exit {ended.returncode}, not {code}: {ended.stdout} {ended.stderr}")
    return ended.stdout


def document(*arguments, **more):
    """The one JSON document that a verb prints, and nothing else."""
    return json.loads(call(*arguments, "--json", **more))


def store(title="phase1-host", name_space="ship-gate-phase1", **more):
    return document("store", "--title", title, "--content", "functional check on host", "--tier", "mid", "--namespace",
                    name_space, **more)


def step_version():
    require(call("--version").startswith("ai-memory 0.6.0"), "version")


def step_store():
    stored = store()
    require(stored["id"] and stored["tier"] == "mid" and stored["namespace"] == "ship-gate-phase1", stored)
    require(store()["id"] == stored["id"], "a second store of the name is the same record")
    call("store", "--title", "", "--content", "x", code=2)


def step_database():
    store("other", AI_MEMORY_DB="other.db")
    other = json.loads(call("--db", "other.db", "get", "--namespace", "ship-gate-phase1", "--title", "other", "--json"))
    require(other["memory"]["title"] == "other", other)
    call("get", "--namespace", "ship-gate-phase1", "--title", "other", code=1)


def step_namespace():
    os.makedirs("place")
    os.chdir("place")
    require(document("store", "-T", "t", "-c", "c")["namespace"] == "place", "the directory names the namespace")
    require(document("store", "-T", "t", "-c", "c", "-n", "given")["namespace"] == "given", "unless one is given")


def step_recall():
    found = document("recall", "functional check on host", "--limit", "5")
    require(len(found["memories"]) >= 1 and found["count"] == len(found["memories"]), found)
    require(document("recall", "zebra")["memories"] == [], "nothing is found where nothing fits")


def step_stats():
    require(document("stats")["total"] >= 1, "stats.total")


def step_backup():
    for _ in range(2):
        call("backup", "--to", "backups", "--keep", "1")
        snapshots, manifests = glob.glob("backups/ai-memory-*.db"), glob.glob("backups/ai-memory-*.manifest.json")
        require(len(snapshots) == 1 and len(manifests) == 1, (snapshots, manifests))
        # Names have whole seconds: the next backup must be of another one.
        stamp = time.strftime("%H%M%S", time.gmtime())
        while time.strftime("%H%M%S", time.gmtime()) == stamp:
            select_nothing()


def select_nothing():
    signal.sigtimedwait([], 0.05)


def step_curator():
    for i in range(60):
        store(f"row {i}")
    report = document("curator", "--once", "--dry-run", "--max-ops", "10")
    require(len(report["errors"]) <= 1, report)


def step_mcp():
    lines = [{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"clientInfo": {"name": "gate"}}},
             {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}]
    out = call("mcp", text="".join(json.dumps(line) + "\n" for line in lines))
    require(len(json.loads(out.splitlines()[-1])["result"]["tools"]) >= 30, out)


def step_transfer():
    exported = json.loads(call("export"))
    require(len(exported["memories"]) == 1 and exported["links"] == [], exported)
    imported = document("--db", "copy.db", "--agent-id", "importer", "import", text=json.dumps(exported))
    require(imported["imported"] == 1 and imported["restamped"] == 1, imported)
    copy = json.loads(call("--db", "copy.db", "export"))["memories"][0]
    require(copy["metadata"]["agent_id"] == "importer" and copy["id"] == exported["memories"][0]["id"], copy)


def postgres_programs():
    """The directory of the newest server of the system, else of the one in PATH; None when there is none."""
    releases = [p for p in glob.glob("/usr/lib/postgresql/*/bin") if os.access(p + "/initdb", os.X_OK)]
    if releases:
        return max(releases, key=lambda p: float(p.split("/")[-2]))
    found = shutil.which("initdb")
    return found and os.path.dirname(found)


@contextlib.contextmanager
def private_postgres():
    """The URL of a server of our own, which is gone afterwards. It does not run as root, so for root it is `postgres`."""
    programs = postgres_programs()
    require(programs, "needs PostgreSQL; install postgresql-15")
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as at_the_end:
        as_user = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(directory, user.pw_uid, user.pw_gid)
            as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        password = secrets.token_hex(16)
        with open(directory + "/password", "w") as file:
            file.write(password)
            os.fchmod(file.fileno(), 0o600)
            if as_user:
                os.fchown(file.fileno(), as_user["user"], as_user["group"])
        subprocess.run([programs + "/initdb", "-D", directory + "/data", "-U", "ai_memory", "--auth=scram-sha-256",
                        "--pwfile", directory + "/password", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
                       check=True, stdout=subprocess.DEVNULL, cwd=directory, **as_user)
        port = free_ports(1)[0]
        server = subprocess.Popen([programs + "/postgres", "-D", directory + "/data", "-p", str(port),
                                   "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
                                   "-c", "dynamic_shared_memory_type=mmap"],
                                  stderr=subprocess.DEVNULL, cwd=directory, **as_user)
        at_the_end.callback(server.wait)
        at_the_end.callback(server.send_signal, signal.SIGQUIT)
        place = ["-h", "127.0.0.1", "-p", str(port)]
        until("PostgreSQL is ready",
              lambda: server.poll() is not None or subprocess.run(["pg_isready", "-q", *place]).returncode == 0)
        require(server.poll() is None, "PostgreSQL does not come up")
        subprocess.run(["createdb", *place, "-U", "ai_memory", "ai_memory_test"], check=True,
                       env={**environment, "PGPASSWORD": password})
        yield f"postgres://ai_memory:{password}@127.0.0.1:{port}/ai_memory_test"


def step_migrate():
    if not postgres_programs() and os.environ.get("QUORATE_NEED_POSTGRES") != "1":
        print("migrate: skipped: PostgreSQL is not installed; install postgresql-15, or set QUORATE_NEED_POSTGRES=1")
        return
    rows = 1000
    source, back = os.path.abspath("phase3-source.db"), os.path.abspath("phase3-roundtrip.db")
    by_store = 20  # the others by one import: the gate's 1,000 starts take a minute
    for i in range(1, by_store + 1):
        call("store", "--title", f"migrate-test-{i}", "--content", f"row {i}", "--tier", "mid", "--namespace", "phase3",
             AI_MEMORY_DB=source)
    lines = [{"title": f"migrate-test-{i}", "content": f"row {i}", "tier": "mid", "namespace": "phase3"}
             for i in range(by_store + 1, rows + 1)]
    call("import", text="".join(json.dumps(line) + "\n" for line in lines), AI_MEMORY_DB=source)

    def migrate(origin, target):
        report = document("migrate", "--from", origin, "--to", target, "--batch", "500")
        require((report["memories_read"], report["memories_written"], report["errors"]) == (rows, rows, []), report)

    def total(database):
        return document("stats", AI_MEMORY_DB=database)["total"]

    with private_postgres() as postgres:
        for _ in range(2):
            migrate("sqlite://" + source, postgres)
        migrate(postgres, "sqlite://" + back)
    require((total(source), total(back)) == (rows, rows), (total(source), total(back)))
    # A file of SQLite is one, on both ends.
    call("migrate", "--from=sqlite://" + source, "--to", "sqlite://" + os.path.abspath("directory"))
    require(os.path.isdir("directory"), "what is not there becomes a directory")
    with open("real.db", "w"):
        pass
    migrate("sqlite://" + source, "sqlite://" + os.path.abspath("real.db"))
    with open("real.db", "rb") as file:
        require(file.read(15) == b"SQLite format 3", "a file stays one")
    migrate("sqlite://" + os.path.abspath("real.db"), "sqlite://" + os.path.abspath("again.db"))
    require(total("again.db") == rows, "from a file")


def free_ports(count):
    """Ports whose partners 10,000 above are free, too. Both lie below the range the kernel takes the ports of outgoing
    connections from (32,768 and up), so no connection of anybody's takes one of them before its server listens, and no
    server's partner is another one's port.
    """
    candidates = list(range(12000, 22000))
    random.shuffle(candidates)
    found = []
    for port in candidates:
        with socket.socket() as http, socket.socket() as grpc:
            try:
                http.bind(("127.0.0.1", port))
                grpc.bind(("127.0.0.1", port + 10000))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise Failure(f"no {count} free ports")


def start_server(number, port, *more, **environment_more):
    started.append(subprocess.Popen([wrapper, "serve", "--host", "127.0.0.1", "--port", str(port), *more],
                                    stdout=subprocess.DEVNULL, env={**environment, "AI_MEMORY_DB": f"node-{number}.db",
                                                                    **environment_more}))
    return started[-1]


def until(what, condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        require(time.monotonic() < deadline, f"{what}: not within {seconds} s")
        select_nothing()


def http(port, path, body=None):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=json.dumps(body).encode() if body else None,
                                     headers={"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def step_federation():
    ports = free_ports(3)
    for number, port in enumerate(ports):
        others = ",".join(f"http://127.0.0.1:{other}" for other in ports if other != port)
        start_server(number, port, "--quorum-writes", "2", "--quorum-peers", others, "--quorum-timeout-ms", "3000")
    run_cluster(ports)


def step_star():
    ports = free_ports(3)
    everybody = ",".join(f"http://127.0.0.1:{port}" for port in ports)
    start_server(0, ports[0], "--quorum-writes", "2", "--quorum-peers",
                 ",".join(f"http://127.0.0.1:{port}" for port in ports[1:]), COMPAT_MEMBERS=everybody)
    for number in (1, 2):
        start_server(number, ports[number], COMPAT_MEMBERS=everybody)
    run_cluster(ports)


def run_cluster(ports):
    for server in started:
        with open(f"/proc/{server.pid}/cmdline") as line:
            until("called ai-memory serve", lambda: "ai-memory serve" in open(f"/proc/{server.pid}/cmdline").read())
    for port in ports:
        until("health", lambda: '"ok"' in http(port, "/api/v1/health")[1])

    def post(title):
        return http(ports[0], "/api/v1/memories", {"tier": "mid", "namespace": "n", "title": title, "content": "c",
                                                   "tags": [], "priority": 5, "confidence": 1.0, "source": "chaos",
                                                   "metadata": {}})[0]
    until("a first write", lambda: post("first") == 201)
    for i in range(20):
        require(post(f"w{i}") == 201, f"write {i}")
    for port in ports:
        until("all rows", lambda: len(json.loads(http(port, "/api/v1/memories?namespace=n&limit=1000")[1])["memories"]) == 21)
    started[1].kill()
    started[1].wait()
    require(post("one down") == 201, "with one member down")
    started[2].kill()
    started[2].wait()
    require(post("two down") == 503, "with two members down")


def main():
    failed = False
    for name in sys.argv[2:]:
        with tempfile.TemporaryDirectory() as directory:
            os.chdir(directory)
            try:
                store()
                globals()["step_" + name]()
                print(f"{name}: passed")
            except (Failure, subprocess.TimeoutExpired, ValueError, KeyError) as why:
                print(f"{name}: FAILED: {why!r}")
                failed = True
            finally:
                for server in started:
                    server.kill()
                    server.wait()
                started.clear()
                os.chdir("/")
    return 1 if failed else 0


if __name__ == "__main__":
    environment["QUORATE_PROGRAM"] = os.path.abspath(sys.argv[1])
    sys.exit(main())
