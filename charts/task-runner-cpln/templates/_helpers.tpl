{{- define "cpln.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "cpln.gvc" -}}
{{- required "Set gvc: the name of the GVC to deploy into" (default .Values.global.cpln.gvc .Values.gvc) -}}
{{- end -}}

{{- define "cpln.image" -}}
{{- with .Values.global.image.repository -}}
{{- printf "%s:%s" . (default $.Chart.AppVersion $.Values.global.image.tag) -}}
{{- else -}}
{{- .Values.image -}}
{{- end -}}
{{- end -}}

{{- define "cpln.tags" -}}
app: {{ include "cpln.name" . }}
version: {{ .Chart.AppVersion | quote }}
{{- end -}}

{{- define "cpln.ownRedis" -}}
{{- if not .Values.redis.address -}}true{{- end -}}
{{- end -}}

{{- define "cpln.identity" -}}
//gvc/{{ include "cpln.gvc" . }}/identity/{{ include "cpln.name" . }}
{{- end -}}

{{/* A secret's entry. dict "root" $ "from" .Values.redis.redis.auth.fromSecret "key" "redis-password" */}}
{{- define "cpln.secretRef" -}}
cpln://secret/{{ ternary .root.Values.secretName .from.name .root.Values.createSecret }}.{{ .key }}
{{- end -}}

{{/* Names of the replicas of a stateful workload within the GVC. dict "name" "x-redis" "count" 3 */}}
{{- define "cpln.members" -}}
{{- $name := .name -}}
{{- $members := list -}}
{{- range until (int .count) -}}{{- $members = append $members (printf "%s-%d.%s" $name . $name) -}}{{- end -}}
{{- join " " $members -}}
{{- end -}}

{{- define "cpln.hasAdminKey" -}}
{{- if or .Values.api.env.adminApiKey (not .Values.createSecret) -}}true{{- end -}}
{{- end -}}

{{/* What must not be rendered, in words that say what to do. */}}
{{- define "cpln.checks" -}}
{{- $redis := .Values.redis -}}
{{- if and .Values.api.enabled .Values.api.public.enabled -}}
{{- if not (include "cpln.hasAdminKey" .) -}}
{{- fail "The API would be public without an admin key: set api.env.adminApiKey (openssl rand -hex 24), or createSecret to false and name your secret in redis.admin.fromSecret" -}}
{{- end -}}
{{- if eq .Values.auth.mode "open" -}}
{{- fail "The API would be public and take tasks from everybody: set auth.mode to key, or api.public.enabled to false" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.createSecret (include "cpln.ownRedis" .) -}}
{{- range $of, $password := dict "redis" $redis.redisPassword "sentinel" $redis.sentinelPassword -}}
{{- if and (not $password) (index $redis $of).auth.fromSecret.enabled -}}
{{- fail (printf "Set redis.%sPassword (openssl rand -hex 24): nothing here can keep a password that was generated once" $of) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* dict "root" $ "part" "api" */}}
{{- define "cpln.settings" -}}
{{- $values := .root.Values -}}
{{- $own := index $values .part -}}
{{- $delivery := $values.worker.env -}}
MODE: {{ .part }}
NODE_ENV: production
PORT: {{ $own.port | quote }}
LOG_LEVEL: {{ $own.env.logLevel }}
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
{{- if eq .part "worker" }}
WORKER_CONCURRENCY: {{ $own.env.concurrency | quote }}
{{- else }}
AUTH_MODE: {{ $values.auth.mode }}
{{- with trimSuffix "/" $own.public.pathPrefix }}
PATH_PREFIX: {{ . | quote }}
{{- end }}
{{- if include "cpln.hasAdminKey" .root }}
ADMIN_API_KEY: {{ include "cpln.secretRef" (dict "root" .root "from" $values.redis.admin.fromSecret "key" $values.redis.admin.fromSecret.apiKeyKey) }}
{{- end }}
{{- end }}
{{ include "cpln.redisSettings" .root }}
{{- end -}}

{{- define "cpln.redisSettings" -}}
{{- $redis := .Values.redis -}}
{{- $main := $redis.redis.auth.fromSecret -}}
{{- $sentinel := $redis.sentinel.auth.fromSecret -}}
{{- if include "cpln.ownRedis" . -}}
# One address for all Sentinels, which tell of each other.
REDIS_SENTINEL_ADDR: {{ include "cpln.name" . }}-sentinel.{{ include "cpln.gvc" . }}.cpln.local:26379
REDIS_MASTER_NAME: mymaster
{{- if $sentinel.enabled }}
REDIS_SENTINEL_PASSWORD: {{ include "cpln.secretRef" (dict "root" . "from" $sentinel "key" $sentinel.passwordKey) }}
{{- end }}
{{- else -}}
REDIS_ADDRESS: {{ $redis.address }}
{{- end }}
{{- if and $main.enabled (or (include "cpln.ownRedis" .) $redis.password $redis.redisPassword (not .Values.createSecret)) }}
REDIS_PASSWORD: {{ include "cpln.secretRef" (dict "root" . "from" $main "key" $main.passwordKey) }}
{{- end }}
{{- end -}}

{{/* Entries as they stand in a container. */}}
{{- define "cpln.env" -}}
{{- range $name, $value := . }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{/* Addresses that the API is let out to: any, when its Redis or its collector is not on Control Plane; else none. */}}
{{- define "cpln.apiOutbound" -}}
{{- $outside := list -}}
{{- range list .Values.redis.address .Values.api.env.otelEndpoint -}}
{{- $host := regexReplaceAll "[:/].*$" (regexReplaceAll "^[a-z]+://" . "") "" -}}
{{- if and (contains "." $host) (not (regexMatch "[.](cpln[.]local|controlplane)$" $host)) -}}
{{- $outside = append $outside $host -}}
{{- end -}}
{{- end -}}
{{- ternary (list "0.0.0.0/0") list (gt (len $outside) 0) | toJson -}}
{{- end -}}

{{/* Six tenths of the memory of Redis, in MiB: the append-only file is rewritten by a copy of the process. */}}
{{- define "cpln.maxmemory" -}}
{{- $memory := toString .Values.redis.redis.resources.memory -}}
{{- $units := dict "M" 1e6 "G" 1e9 "Mi" 1048576 "Gi" 1073741824 -}}
{{- $number := regexFind "^[0-9]+([.][0-9]+)?" $memory -}}
{{- $unit := trimPrefix $number $memory -}}
{{- if not (and $number (hasKey $units $unit)) -}}
{{- fail (printf "redis.redis.resources.memory: write it as a number and a unit, like 512Mi or 2Gi (got %q)" $memory) -}}
{{- end -}}
{{- printf "%dmb" (divf (mulf $number (get $units $unit) 0.6) 1048576 | floor | int64) -}}
{{- end -}}
