#!/bin/sh
# Starts Redis: alone, or as one of several of which Sentinels name the master. Its settings are written anew at each start.
#
# SELF        name under which others reach this server
# FIRST       the server that is the master at the very first start
# SENTINELS   names of the Sentinels, with spaces; empty = Redis is alone
# MASTER_NAME, REDIS_PASSWORD, SENTINEL_PASSWORD, APPENDFSYNC, MAXMEMORY; DATA_DIR, REDIS_PORT, SENTINEL_PORT, BIND
set -eu

data=${DATA_DIR:-/data}
port=${REDIS_PORT:-6379}
started=$data/started

say() { echo "redis-start: $*"; }

# The first Sentinel that answers. Errors have spaces in them, names have not.
sentinel() {
  for host in $SENTINELS; do
    answer=$(
      [ -z "${SENTINEL_PASSWORD:-}" ] || export REDISCLI_AUTH="$SENTINEL_PASSWORD"
      timeout 3 redis-cli -h "$host" -p "${SENTINEL_PORT:-26379}" sentinel "$@" 2>/dev/null | head -n 1
    ) || continue
    case $answer in *' '*) continue ;; esac
    [ -z "$answer" ] || { echo "$answer"; return 0; }
  done
  return 1
}

named_master() { sentinel get-master-addr-by-name "$MASTER_NAME"; }

# The Sentinels know a replica, so there were tasks once.
had_replicas() { sentinel replicas "$MASTER_NAME" >/dev/null; }

# Prints whom to follow; nothing = be the master.
whom_to_follow() {
  tries=0
  while :; do
    tries=$((tries + 1))
    if master=$(named_master); then
      [ "$master" = "$SELF" ] || { echo "$master"; return 0; }
      # A master that lost its disk would empty its replicas. They have the tasks: one of them is promoted.
      [ ! -e "$started" ] && had_replicas || return 0
      reason='the Sentinels take this server for the master, but its data is gone; waiting until they promote another'
    elif [ ! -e "$started" ]; then
      [ "$FIRST" = "$SELF" ] || echo "$FIRST"
      return 0
    else
      # Another one may have become the master while this one was away.
      reason='no Sentinel answers; waiting for one to name the master'
    fi
    [ $((tries % 10)) -ne 1 ] || say "$reason" >&2
    sleep 1
  done
}

# A setting with its value as Redis reads it between quotes. Not by echo, which reads backslashes itself.
setting() { printf '%s "%s"\n' "$1" "$(printf '%s' "$2" | sed 's/[\\"]/\\&/g')"; }

write_settings() {
  echo "port $port"
  echo "dir $data"
  [ -z "${BIND:-}" ] || echo "bind $BIND"
  echo 'appendonly yes'
  echo "appendfsync ${APPENDFSYNC:-always}"
  echo 'save ""'
  echo 'maxmemory-policy noeviction'
  [ -z "${MAXMEMORY:-}" ] || echo "maxmemory $MAXMEMORY"
  # A task in one piece takes 16 % less memory, and no more time.
  echo 'hash-max-listpack-value 4096'
  if [ -n "${REDIS_PASSWORD:-}" ]; then
    setting requirepass "$REDIS_PASSWORD"
    setting masterauth "$REDIS_PASSWORD"
  else
    echo 'protected-mode no'
  fi
  [ -n "$SENTINELS" ] || return 0
  echo 'repl-backlog-size 64mb'
  echo "replica-announce-ip $SELF"
  echo "replica-announce-port $port"
  [ -z "$1" ] || echo "replicaof $1 $port"
}

SENTINELS=${SENTINELS:-}
follow=''
if [ -n "$SENTINELS" ]; then
  follow=$(whom_to_follow)
  say "${follow:+following }${follow:-being the master}"
fi
umask 077
write_settings "$follow" >"$data/redis.conf"
touch "$started"
exec redis-server "$data/redis.conf"
