{{/* What must not be rendered, in words that say what to do. */}}
{{- define "task-runner.checks" -}}
{{- $values := .Values -}}
{{- $public := include "task-runner.isPublic" . -}}
{{- if and $public (eq $values.auth.mode "open") -}}
{{- fail "The API would be public and take tasks from everybody: set auth.mode to key, or api.public.enabled to false" -}}
{{- end -}}
{{- if and $public (eq $values.api.admin.auth "none") -}}
{{- fail "The API would be public with /admin open to everybody: set api.admin.auth to key, or api.public.enabled to false" -}}
{{- end -}}
{{- if and $public (not (include "task-runner.adminKeySecret" .)) -}}
{{- fail "The API would be public without an admin key: name a Secret in api.admin.apiKeySecretName, or set createSecret to true, which generates one" -}}
{{- end -}}
{{- if not $values.createSecret -}}
{{- if $values.api.env.adminApiKey -}}
{{- fail "With createSecret false there is no Secret for api.env.adminApiKey: name yours in api.admin.apiKeySecretName" -}}
{{- end -}}
{{- if $values.encryption.key -}}
{{- fail "With createSecret false there is no Secret for encryption.key: put it under the key task-encryption-key into the Secret that secretName names" -}}
{{- end -}}
{{- $needed := dict
  "task-encryption-key" (ternary "encryption.enabled" "" $values.encryption.enabled)
  "metrics-token" (ternary "metrics.requireToken" "" $values.metrics.requireToken)
  "autoscale-token" (ternary "autoscaling.mode keda" "" (eq $values.autoscaling.mode "keda"))
  "redis-url" (ternary "redis.url" "" (ne $values.redis.url ""))
-}}
{{- range $key, $by := $needed -}}
{{- if and $by (not $values.secretName) -}}
{{- fail (printf "With createSecret false, name your Secret in secretName: %s reads %s from it" $by $key) -}}
{{- end -}}
{{- end -}}
{{- range $of, $given := dict "redis" (or $values.redis.redisPassword $values.redis.password) "sentinel" $values.redis.sentinelPassword -}}
{{- if and $given (not (index $values.redis $of).auth.fromSecret.name) -}}
{{- fail (printf "With createSecret false there is no Secret for the password in redis.*Password: name yours in redis.%s.auth.fromSecret.name" $of) -}}
{{- end -}}
{{- end -}}
{{- if ne (include "task-runner.redisMode" .) "external" -}}
{{- range $of := ternary (list "redis" "sentinel") (list "redis") (eq (include "task-runner.redisMode" .) "sentinel") -}}
{{- with (index $values.redis $of).auth.fromSecret -}}
{{- if and .enabled (not .name) (not $values.secretName) -}}
{{- fail (printf "With createSecret false, name your Secret in redis.%s.auth.fromSecret.name (or secretName), or set redis.%s.auth.fromSecret.enabled to false" $of $of) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (eq $values.redis.mode "external") (not (or $values.redis.address $values.redis.url $values.redis.sentinelAddresses)) -}}
{{- fail "redis.mode is external: set redis.address, redis.url or redis.sentinelAddresses" -}}
{{- end -}}
{{- range $of := list "api" "worker" -}}
{{- $replicas := (index $values $of).replicas -}}
{{- if gt (int $replicas.min) (int $replicas.max) -}}
{{- fail (printf "%s.replicas.min is more than %s.replicas.max" $of $of) -}}
{{- end -}}
{{- end -}}
{{- if and (eq (int $values.worker.replicas.min) 0) (ne $values.autoscaling.mode "keda") -}}
{{- fail "worker.replicas.min 0 needs autoscaling.mode keda: CPU does not tell that there is work when there is no worker" -}}
{{- end -}}
{{- if and $values.worker.enabled (eq $values.autoscaling.mode "keda") (not $values.api.enabled) -}}
{{- fail "autoscaling.mode keda asks the API how many workers there should be: set api.enabled to true" -}}
{{- end -}}
{{- range $name := keys $values.config -}}
{{- $instead := get (include "task-runner.reserved" nil | fromYaml) $name -}}
{{- if $instead -}}
{{- fail (printf "config.%s: use %s" $name $instead) -}}
{{- end -}}
{{- end -}}
{{- range concat $values.extraEnv $values.api.extraEnv $values.worker.extraEnv -}}
{{- $instead := get (include "task-runner.reserved" nil | fromYaml) .name -}}
{{- if $instead -}}
{{- fail (printf "extraEnv %s: use %s" .name $instead) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Settings that the chart decides something else by, and the value that sets them. */}}
{{- define "task-runner.reserved" -}}
MODE: api.enabled and worker.enabled
PORT: api.port and worker.port
AUTH_MODE: auth.mode
ADMIN_AUTH: api.admin.auth
ADMIN_API_KEY: api.env.adminApiKey or api.admin.apiKeySecretName
ALLOW_PRIVATE_URLS: worker.env.allowPrivateUrls
PATH_PREFIX: api.public.pathPrefix
SHUTDOWN_TIMEOUT_SEC: api.shutdownTimeoutSec and worker.shutdownTimeoutSec
REDIS_ADDRESS: redis.address
REDIS_URL: redis.url
REDIS_SENTINEL_ADDR: redis.sentinelAddresses
REDIS_PASSWORD: redis.redisPassword or redis.redis.auth.fromSecret
REDIS_SENTINEL_PASSWORD: redis.sentinelPassword or redis.sentinel.auth.fromSecret
TASK_ENCRYPTION_KEY: encryption.key
METRICS_TOKEN: metrics.requireToken
AUTOSCALE_TOKEN: autoscaling.mode
AUTOSCALE_MIN_WORKERS: worker.replicas.min
AUTOSCALE_MAX_WORKERS: worker.replicas.max
AUTOSCALE_DRAIN_SEC: autoscaling.drainSec
{{- end -}}

{{- define "task-runner.isPublic" -}}
{{- if .Values.api.enabled -}}
{{- if or .Values.api.public.enabled .Values.ingress.enabled (has .Values.api.service.type (list "LoadBalancer" "NodePort")) -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{/* An Ingress is how the API is public, unless its Service is reached from outside itself. */}}
{{- define "task-runner.hasIngress" -}}
{{- if and .Values.api.enabled (or .Values.ingress.enabled (and .Values.api.public.enabled (eq .Values.api.service.type "ClusterIP"))) -}}true{{- end -}}
{{- end -}}
