# Runs one Redis server for one app, and ends it when the app has gone. Usage: sh redis-guard.sh <redis-server>
#
# File descriptor 3 is a pipe whose other end only the app holds (not standard input: Node closes that one as soon
# as this shell ends, and background commands do not get it). The app writes the configuration and a line with
# a single dot; after that the pipe stays silent, and its end means that the app has stopped or died, kill -9
# included. The configuration holds the password, so it goes to Redis through a pipe as well: never on a
# command line, never in a file.

config=
line=
while IFS= read -r line <&3; do
  [ "$line" = . ] && break
  config="$config$line
"
done
# The app died before it had said everything. With half a configuration Redis would listen where it pleases.
[ "$line" = . ] || exit 1

printf '%s' "$config" | "$1" - 3<&- &
redis=$!

(
  while IFS= read -r line <&3; do :; done
  kill -TERM "$redis"
  tries=0
  while kill -0 "$redis" && [ "$tries" -lt 100 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
  kill -KILL "$redis"
) 2>/dev/null &
watcher=$!

wait "$redis"
status=$?
kill "$watcher" 2>/dev/null
exit "$status"
