#!/bin/sh
# Starts a Sentinel. What it has learned is in its file, which it writes itself; passwords are put in anew at each start.
#
# SELF, FIRST, MASTER_NAME, REDIS_PASSWORD, SENTINEL_PASSWORD as for redis-start.sh
# DOWN_AFTER_MS, FAILOVER_TIMEOUT_MS; DATA_DIR, REDIS_PORT, SENTINEL_PORT, BIND
set -eu

data=${DATA_DIR:-/data}
file=$data/sentinel.conf
port=${SENTINEL_PORT:-26379}

# A setting with its value as Redis reads it between quotes. Not by echo, which reads backslashes itself.
setting() { printf '%s "%s"\n' "$1" "$(printf '%s' "$2" | sed 's/[\\"]/\\&/g')"; }

first_settings() {
  echo "port $port"
  echo "dir $data"
  [ -z "${BIND:-}" ] || echo "bind $BIND"
  echo 'protected-mode no'
  # Addresses of pods and containers change, their names do not.
  echo 'sentinel resolve-hostnames yes'
  echo 'sentinel announce-hostnames yes'
  echo "sentinel announce-ip $SELF"
  echo "sentinel announce-port $port"
  echo "sentinel monitor $MASTER_NAME $FIRST ${REDIS_PORT:-6379} 2"
  echo "sentinel down-after-milliseconds $MASTER_NAME ${DOWN_AFTER_MS:-5000}"
  echo "sentinel failover-timeout $MASTER_NAME ${FAILOVER_TIMEOUT_MS:-30000}"
  echo "sentinel parallel-syncs $MASTER_NAME 1"
}

passwords() {
  [ -z "${REDIS_PASSWORD:-}" ] || setting "sentinel auth-pass $MASTER_NAME" "$REDIS_PASSWORD"
  [ -z "${SENTINEL_PASSWORD:-}" ] || setting requirepass "$SENTINEL_PASSWORD"
  [ -z "${SENTINEL_PASSWORD:-}" ] || setting "sentinel sentinel-pass" "$SENTINEL_PASSWORD"
}

umask 077
if [ ! -e "$file" ]; then
  # A Sentinel does not start with a name that nobody knows.
  until getent hosts "$FIRST" >/dev/null; do
    echo "sentinel-start: waiting for the name $FIRST"
    sleep 1
  done
  first_settings >"$file"
fi
{
  grep -vE '^(requirepass|sentinel (auth-pass|sentinel-pass)) ' "$file"
  passwords
} >"$file.new"
mv "$file.new" "$file"
exec redis-server "$file" --sentinel
