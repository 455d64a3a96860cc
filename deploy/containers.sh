# The container environment of drills: part of ./dev, which sources it (say, die, need, configure_and_build).
#
# Uses the engine that answers. Where none does, it installs Debian's and starts one of its own, with everything it
# keeps under QUORATE_DOCKER_DIRECTORY; `./dev containers stop` ends that one and leaves any other alone. Every step is
# skipped when it is done already.

engine_directory=${QUORATE_DOCKER_DIRECTORY:-/var/tmp/quorate-docker}
base_image=debian:bookworm-slim
image=quorate:dev
engine_seconds_max=60

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

engine_answers() { command -v docker >/dev/null && docker version --format '{{.Server.Version}}' 2>/dev/null | grep -q .; }

# The socket docker commands talk to.
engine_socket() {
  case "${DOCKER_HOST:-unix:///var/run/docker.sock}" in
    unix://*) echo "${DOCKER_HOST:-unix:///var/run/docker.sock}" ;;
    *) die "no docker engine answers at DOCKER_HOST=$DOCKER_HOST; unset it to have one started here" ;;
  esac
}

start_engine() {
  local socket; socket=$(engine_socket)
  need docker.io iptables
  engine_answers && return # Debian's package starts it where there is systemd.
  say "starting a docker engine: $socket, log in $engine_directory/log"
  as_root mkdir -p "$engine_directory"
  # Ports published on loopback need no forwarding, so the machine's network stays as it was.
  as_root bash -c 'cd "$1" && exec setsid dockerd --host "$2" --data-root "$1/data" --exec-root "$1/run" --pidfile "$1/pid" \
    --ip-forward=false "${@:3}" >"$1/log" 2>&1 </dev/null &' _ "$engine_directory" "$socket" --group "$(id -gn)"
  local waited=0
  until engine_answers; do
    [ $((waited += 1)) -le $((engine_seconds_max * 5)) ] || die "the docker engine does not answer; see $engine_directory/log"
    sleep 0.2
  done
}

stop_engine() {
  local pid; pid=$(as_root cat "$engine_directory/pid" 2>/dev/null) || { say "no docker engine of ours runs"; return; }
  # A pid file can outlive its process, and the number be somebody else's.
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ] || { say "no docker engine of ours runs"; return; }
  say "stopping the docker engine, process $pid"
  as_root kill "$pid"
  local waited=0
  while [ -d "/proc/$pid" ]; do
    [ $((waited += 1)) -le $((engine_seconds_max * 5)) ] || die "process $pid does not end"
    sleep 0.2
  done
}

# Debian from its own archive, for machines that reach that but no image registry. It asks the archive the way this
# machine does; so it is for here, not for publishing.
make_base_image() {
  need debootstrap
  say "making $base_image"
  local root; root=$(mktemp -d /var/tmp/quorate-base.XXXXXX)
  as_root bash -euo pipefail -c '
    root=$1
    trap "rm -rf --one-file-system \"$root\"" EXIT
    debootstrap --variant=minbase --include=ca-certificates bookworm "$root" >"$root.log" 2>&1 || { tail -5 "$root.log" >&2; exit 1; }
    rm -f "$root.log" "$root/etc/apt/sources.list"
    for part in sources.list sources.list.d apt.conf.d; do
      [ ! -e "/etc/apt/$part" ] || cp -a "/etc/apt/$part" "$root/etc/apt/"
    done
    cp -a /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
    chroot "$root" update-ca-certificates >/dev/null 2>&1 || true
    tar -C "$root" --exclude="./var/cache/apt/*" --exclude="./var/lib/apt/lists/*" --exclude="./usr/share/doc/*" \
      --exclude="./usr/share/man/*" --exclude="./usr/share/locale/*" --exclude="./dev/*" -c .' _ "$root" \
    | docker import - "$base_image" >/dev/null
}

build_image() {
  configure_and_build release quorate quorate-chaos
  docker image inspect "$base_image" >/dev/null 2>&1 || docker pull -q "$base_image" >/dev/null 2>&1 || make_base_image
  say "building the image $image"
  # The host's network: name service and archive as on this machine, also where containers are not forwarded.
  local log; log=$(mktemp)
  docker build --network=host --target prebuilt -f deploy/Dockerfile -t "$image" . >"$log" 2>&1 || { tail -30 "$log" >&2; die "docker build failed"; }
  rm -f "$log"
}

containers() {
  case "${1:-start}" in
    start) ;;
    stop) stop_engine; return ;;
    *) die "./dev containers [start|stop]" ;;
  esac
  engine_answers || start_engine
  docker compose version >/dev/null 2>&1 || command -v docker-compose >/dev/null || need docker-compose
  build_image
  say "docker engine $(docker version --format '{{.Server.Version}}'), image $image ($(docker image inspect -f '{{.Size}}' "$image" | awk '{printf "%d MB", $1 / 1e6}')); './dev containers stop' ends an engine that was started here"
}
