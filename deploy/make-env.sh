#!/bin/sh
# Adds an admin key and passwords for Redis to .env, each of 48 random characters, unless they stand there already.
set -eu
cd "$(dirname "$0")/.."
umask 077
touch .env
for name in ADMIN_API_KEY REDIS_PASSWORD REDIS_SENTINEL_PASSWORD; do
  if grep -q "^$name=." .env; then
    echo "$name: kept"
  else
    echo "$name=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')" >>.env
    echo "$name: made"
  fi
done
