# One image for both halves; MODE says which one a container runs. Dockerfile.api and Dockerfile.worker are this file with
# another MODE: `npm run docs` writes them.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.mjs scripts/build.mjs
COPY src src
# The history of the repository is not in the image: docker build --build-arg GIT_COMMIT="$(git rev-parse --short=12 HEAD)" .
ARG GIT_COMMIT=unknown
RUN GIT_COMMIT="$GIT_COMMIT" npm run build && npm prune --omit=dev

FROM node:24-bookworm-slim
# Nothing is installed in a running container, so that what installs need not be there to be attacked.
RUN rm -rf /usr/local/lib/node_modules /opt/yarn-* /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
    /usr/local/bin/yarn /usr/local/bin/yarnpkg
ARG GIT_COMMIT=unknown
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="task-runner" \
      org.opencontainers.image.description="A self-hosted HTTP task queue on Redis" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$GIT_COMMIT"
ARG MODE=both
ENV NODE_ENV=production MODE=$MODE
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY LICENSE ./
# The user node, as a number: Kubernetes cannot tell of a name whether it is root.
USER 1000:1000
EXPOSE 8080
# Liveness, not readiness: with Redis away a restart would not help. With ALLOWED_HOSTS set, name 127.0.0.1 in it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 8080}/health/live`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node itself, without a shell and without npm, which hand on no SIGTERM.
CMD ["node", "dist/main.js"]
