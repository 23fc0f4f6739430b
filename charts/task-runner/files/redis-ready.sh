#!/bin/sh
# Whether a Redis has the tasks: the next pod is replaced, or the next node drained, when this one says so. A replica that has
# just been started is asked for more than an answer: it has nothing before its master has filled it. One that still has no
# master after a while is ready all the same, or a change of the password, which it has and its master has not yet, would never
# come to an end.
#
# REDIS_PASSWORD; REDIS_PORT, BIND; PATIENCE_SEC
set -eu

redis() {
  [ -z "${REDIS_PASSWORD:-}" ] || export REDISCLI_AUTH="$REDIS_PASSWORD"
  redis-cli -h "${BIND:-127.0.0.1}" -p "${REDIS_PORT:-6379}" "$@" | tr -d '\r'
}

[ "$(redis ping)" = PONG ]
replication=$(redis info replication)
case $replication in
  *role:master* | *master_link_status:up*) exit 0 ;;
  *master_sync_in_progress:1*) exit 1 ;;
esac
[ "$(redis info server | sed -n 's/^uptime_in_seconds://p')" -ge "${PATIENCE_SEC:-20}" ]
