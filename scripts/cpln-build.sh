#!/bin/sh
# Builds the image and pushes it to the registry of a Control Plane org: scripts/cpln-build.sh [tag]
# Needs Docker and the cpln command, logged in (cpln login). CPLN_ORG names another org than that of the profile.
set -eu
cd "$(dirname "$0")/.."

command -v cpln >/dev/null || {
  echo 'The cpln command is missing: npm install -g @controlplane/cli' >&2
  exit 1
}
tag=${1:-$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)}
cpln image build --name "task-runner:$tag" --push ${CPLN_ORG:+--org "$CPLN_ORG"}
echo "Deploy it with: --set image=//image/task-runner:$tag"
