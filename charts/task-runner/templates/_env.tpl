{{/* The Secret with the admin key; nothing = there is none. */}}
{{- define "task-runner.adminKeySecret" -}}
{{- if .Values.api.admin.apiKeySecretName -}}
{{- .Values.api.admin.apiKeySecretName -}}
{{- else if .Values.redis.admin.fromSecret.name -}}
{{- .Values.redis.admin.fromSecret.name -}}
{{- else if .Values.createSecret -}}
{{- include "task-runner.secretName" . -}}
{{- end -}}
{{- end -}}

{{- define "task-runner.adminKeyRef" -}}
secretKeyRef:
  name: {{ include "task-runner.adminKeySecret" . }}
  key: {{ ternary .Values.api.admin.apiKeySecretKey .Values.redis.admin.fromSecret.apiKeyKey (ne .Values.api.admin.apiKeySecretName "") }}
{{- end -}}

{{/*
Settings as a map. What one half decides at enqueueing and the other at delivery, both are told: a task's deadline and
retries are settled when it is enqueued, its address is judged twice, and circuits are shown by the API.
dict "root" $ "part" "api"
*/}}
{{- define "task-runner.settings" -}}
{{- $values := .root.Values -}}
{{- $own := index $values .part -}}
{{- $delivery := $values.worker.env -}}
MODE: {{ .part }}
PORT: {{ $own.port | quote }}
LOG_LEVEL: {{ $own.env.logLevel }}
SHUTDOWN_TIMEOUT_SEC: {{ $own.shutdownTimeoutSec | quote }}
REDIS_CONNECT_RETRIES: {{ $own.env.connectRetries | quote }}
REDIS_RETRY_INTERVAL_SEC: {{ $own.env.retryIntervalSec | quote }}
TASK_TIMEOUT_SEC: {{ $delivery.taskTimeoutSec | int64 | quote }}
MAX_RETRY: {{ $delivery.maxRetry | quote }}
ALLOW_PRIVATE_URLS: {{ $delivery.allowPrivateUrls | quote }}
CB_FAILURE_THRESHOLD: {{ $delivery.cbFailureThreshold | quote }}
CB_TIMEOUT_SEC: {{ $delivery.cbTimeoutSec | quote }}
{{- with $own.env.otelEndpoint }}
OTEL_EXPORTER_OTLP_ENDPOINT: {{ . | quote }}
{{- end }}
{{- if eq .part "api" }}
AUTH_MODE: {{ $values.auth.mode }}
ADMIN_AUTH: {{ $values.api.admin.auth }}
{{- with trimSuffix "/" $values.api.public.pathPrefix }}
PATH_PREFIX: {{ . | quote }}
{{- end }}
{{- if eq $values.autoscaling.mode "keda" }}
AUTOSCALE_MIN_WORKERS: {{ $values.worker.replicas.min | quote }}
AUTOSCALE_MAX_WORKERS: {{ $values.worker.replicas.max | quote }}
AUTOSCALE_DRAIN_SEC: {{ $values.autoscaling.drainSec | quote }}
{{- end }}
{{- else }}
WORKER_CONCURRENCY: {{ $own.env.concurrency | quote }}
{{- end }}
{{ include "task-runner.redisSettings" .root }}
{{- end -}}

{{- define "task-runner.redisSettings" -}}
{{- $redis := .Values.redis -}}
{{- $mode := include "task-runner.redisMode" . -}}
{{- $masterName := $redis.masterName -}}
{{- if eq $mode "standalone" -}}
REDIS_ADDRESS: {{ include "task-runner.fullname" . }}-redis:6379
{{- else if eq $mode "sentinel" -}}
REDIS_SENTINEL_ADDR: {{ range $at, $member := include "task-runner.members" (dict "root" . "part" "sentinel" "count" 3) | splitList " " }}{{ if $at }},{{ end }}{{ $member }}:26379{{ end }}
REDIS_MASTER_NAME: {{ $masterName }}
{{- else -}}
{{- if $redis.sentinelAddresses }}
REDIS_SENTINEL_ADDR: {{ join "," $redis.sentinelAddresses }}
REDIS_MASTER_NAME: {{ $masterName }}
{{- else if $redis.address }}
REDIS_ADDRESS: {{ $redis.address }}
{{- end }}
{{- with $redis.username }}
REDIS_USERNAME: {{ . | quote }}
{{- end }}
{{- if $redis.tls }}
REDIS_TLS: "true"
{{- end }}
{{- end -}}
{{- end -}}

{{/* The environment of a workload: settings, then what comes from Secrets, then what was given. dict "root" $ "part" "api" */}}
{{- define "task-runner.env" -}}
{{- $values := .root.Values -}}
{{- $given := concat $values.extraEnv (index $values .part).extraEnv -}}
{{- $names := list -}}
{{- range $given -}}{{- $names = append $names .name -}}{{- end -}}
{{- $settings := include "task-runner.settings" . | fromYaml -}}
{{- range $name, $value := $values.config -}}{{- $_ := set $settings $name (include "task-runner.asText" $value) -}}{{- end -}}
{{- with get $values.config "ALLOWED_HOSTS" -}}
{{- $_ := set $settings "ALLOWED_HOSTS" (include "task-runner.allowedHosts" (dict "root" $.root "part" $.part "hosts" .)) -}}
{{- end -}}
{{- range $name, $value := $settings }}
{{- if not (has $name $names) }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- if and (eq .part "api") (include "task-runner.adminKeySecret" .root) }}
- name: ADMIN_API_KEY
  valueFrom: {{- include "task-runner.adminKeyRef" .root | nindent 4 }}
{{- end }}
{{- $secrets := dict
  "TASK_ENCRYPTION_KEY" (ternary "task-encryption-key" "" $values.encryption.enabled)
  "REDIS_URL" (ternary "redis-url" "" (and (ne $values.redis.url "") (eq (include "task-runner.redisMode" .root) "external")))
  "METRICS_TOKEN" (ternary "metrics-token" "" $values.metrics.requireToken)
  "AUTOSCALE_TOKEN" (ternary "autoscale-token" "" (and (eq .part "api") (eq $values.autoscaling.mode "keda")))
}}
{{- range $name, $key := $secrets }}
{{- if $key }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ include "task-runner.secretName" $.root }}
      key: {{ $key }}
{{- end }}
{{- end }}
{{ include "task-runner.passwordEnv" (dict "root" .root "of" "redis" "name" "REDIS_PASSWORD") }}
{{ if ne (include "task-runner.redisMode" .root) "standalone" }}
{{- include "task-runner.passwordEnv" (dict "root" .root "of" "sentinel" "name" "REDIS_SENTINEL_PASSWORD") }}
{{- end }}
{{- with $given }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/*
With what its own kind calls the API by: helm test and KEDA. Workers, whom nobody calls but probes and Prometheus, by their
addresses, ask for no name.
*/}}
{{- define "task-runner.allowedHosts" -}}
{{- if eq .part "api" -}}
{{- $name := printf "%s-api" (include "task-runner.fullname" .root) -}}
{{- printf "%s,%s,%s.%s.svc" .hosts $name $name .root.Release.Namespace -}}
{{- end -}}
{{- end -}}

{{/* A number as it was written: 1000000 and not 1e+06. */}}
{{- define "task-runner.asText" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) -}}{{ int64 . }}{{- else -}}{{ toString . }}{{- end -}}
{{- end -}}
