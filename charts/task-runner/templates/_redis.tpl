{{- define "task-runner.redisMode" -}}
{{- $redis := .Values.redis -}}
{{- if ne $redis.mode "auto" -}}
{{- $redis.mode -}}
{{- else if or $redis.address $redis.url $redis.sentinelAddresses -}}
external
{{- else if or $redis.sentinelPassword $redis.sentinel.auth.fromSecret.name -}}
sentinel
{{- else -}}
standalone
{{- end -}}
{{- end -}}

{{- define "task-runner.redisImage" -}}
{{- printf "%s:%s" .Values.redis.image.repository .Values.redis.image.tag -}}
{{- end -}}

{{/* Names of the pods of a StatefulSet in its headless Service. dict "root" $ "part" "redis" "count" 3 */}}
{{- define "task-runner.members" -}}
{{- $name := printf "%s-%s" (include "task-runner.fullname" .root) .part -}}
{{- $domain := printf "%s.%s.svc" $name .root.Release.Namespace -}}
{{- $members := list -}}
{{- range until (int .count) -}}
{{- $members = append $members (printf "%s-%d.%s" $name . $domain) -}}
{{- end -}}
{{- join " " $members -}}
{{- end -}}

{{/* Whether a password goes with Redis, or with its Sentinels: "true" or nothing. dict "root" $ "of" "redis" */}}
{{- define "task-runner.hasPassword" -}}
{{- $redis := .root.Values.redis -}}
{{- $mode := include "task-runner.redisMode" .root -}}
{{- if ne $mode "external" -}}
{{- if (index $redis .of).auth.fromSecret.enabled -}}true{{- end -}}
{{- else if eq .of "redis" -}}
{{- if or $redis.password $redis.redisPassword $redis.redis.auth.fromSecret.name -}}true{{- end -}}
{{- else if and $redis.sentinelAddresses (or $redis.sentinelPassword $redis.sentinel.auth.fromSecret.name) -}}
true
{{- end -}}
{{- end -}}

{{/* Where the password of Redis or of its Sentinels is, as an environment variable. dict "root" $ "of" "redis" "name" "REDIS_PASSWORD" */}}
{{- define "task-runner.passwordEnv" -}}
{{- if include "task-runner.hasPassword" . -}}
{{- $from := (index .root.Values.redis .of).auth.fromSecret -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ default (include "task-runner.secretName" .root) $from.name }}
      key: {{ $from.passwordKey }}
{{- end -}}
{{- end -}}

{{/* Six tenths of the memory that its container may have, in MiB; nothing when there is no bound. */}}
{{- define "task-runner.maxmemory" -}}
{{- $own := .Values.redis.redis.resources -}}
{{- $memory := include "task-runner.asText" (default (default "" $own.memory) (get (default dict $own.limits) "memory")) -}}
{{- if $memory -}}
{{- $units := dict "" 1 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $number := regexFind "^[0-9]+([.][0-9]+)?" $memory -}}
{{- $unit := trimPrefix $number $memory -}}
{{- if not (and $number (hasKey $units $unit)) -}}
{{- fail (printf "redis.redis.resources: write the memory as a number and a unit, like 512Mi or 2Gi (got %q)" $memory) -}}
{{- end -}}
{{- printf "%dmb" (divf (mulf $number (get $units $unit) 0.6) 1048576 | floor | int64) -}}
{{- end -}}
{{- end -}}
