# The verbs of Task Queue Go, over the npm scripts. `make help` lists them.

.DEFAULT_GOAL := help
.PHONY: help dev-redis dev-redis-stop run-api run-worker run test test-unit test-coverage test-integration build lint \
  docker-build docker-up docker-down docker-logs clean \
  load-test load-test-smoke load-test-stress load-test-lifecycle \
  generate-go-client generate-ts-client generate-clients

help: ## lists the verbs
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

dev-redis: ## a Redis of its own on localhost:6379, in a container
	docker run -d --name task-runner-redis -p 127.0.0.1:6379:6379 redis:7-alpine redis-server --appendonly yes

dev-redis-stop: ## stops it
	docker rm -f task-runner-redis

run-api: build ## the API on port 8080, on the Redis of the environment
	MODE=api npm run --silent serve

run-worker: build ## a worker on port 8082
	MODE=worker PORT=$${PORT:-8082} npm run --silent serve

run: ## everything, with a Redis of its own
	npm start

test: ## all tests
	npm test

test-unit: ## without Redis
	npm run test:unit

test-coverage: ## all tests, and what they reach, in coverage/
	npm run test:coverage

test-integration: ## the product as its users meet it
	npx vitest run --project e2e

build: ## dist/
	npm run build

lint: ## formatting, lint, types, imports, dead code
	npm run check:static

docker-build: ## the image
	docker build -t task-runner .

docker-up: ## everything in containers
	docker compose up -d

docker-down:
	docker compose down

docker-logs:
	docker compose logs -f

clean:
	rm -rf dist coverage

load-test load-test-smoke load-test-stress load-test-lifecycle:
	@echo 'There are no k6 scripts yet. Until then: npm run bench (npm run bench -- --quick in a minute).'

generate-go-client generate-ts-client generate-clients:
	@echo 'There are no generated clients yet. openapi.json describes the whole API.'
