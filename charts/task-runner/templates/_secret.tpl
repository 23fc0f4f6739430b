{{/* Once for all templates: what is random must be the same in each of them. */}}
{{- define "task-runner.secretData" -}}
{{- if not (hasKey .Values "secretData__") -}}
{{- $_ := set .Values "secretData__" (include "task-runner.newSecretData" .) -}}
{{- end -}}
{{- get .Values "secretData__" -}}
{{- end -}}

{{/* What is there stays, also what is not asked for any more: without its key no encrypted task can be read again. */}}
{{- define "task-runner.newSecretData" -}}
{{- $redis := .Values.redis -}}
{{- $mode := include "task-runner.redisMode" . -}}
{{- $own := list "" (include "task-runner.secretName" .) -}}
{{- $given := dict -}}
{{- if and (not .Values.api.admin.apiKeySecretName) (has $redis.admin.fromSecret.name $own) -}}
{{- $_ := set $given $redis.admin.fromSecret.apiKeyKey .Values.api.env.adminApiKey -}}
{{- end -}}
{{- range $of, $password := dict "redis" (default $redis.password $redis.redisPassword) "sentinel" $redis.sentinelPassword -}}
{{- $from := (index $redis $of).auth.fromSecret -}}
{{- $wanted := and (include "task-runner.hasPassword" (dict "root" $ "of" $of)) (or (eq $of "redis") (ne $mode "standalone")) -}}
{{- if and $wanted (has $from.name $own) -}}
{{- $_ := set $given $from.passwordKey $password -}}
{{- end -}}
{{- end -}}
{{- if .Values.encryption.enabled -}}{{- $_ := set $given "task-encryption-key" .Values.encryption.key -}}{{- end -}}
{{- if eq .Values.autoscaling.mode "keda" -}}{{- $_ := set $given "autoscale-token" "" -}}{{- end -}}
{{- if .Values.metrics.requireToken -}}{{- $_ := set $given "metrics-token" "" -}}{{- end -}}
{{- if eq $mode "external" -}}{{- with $redis.url -}}{{- $_ := set $given "redis-url" . -}}{{- end -}}{{- end -}}
{{- $there := lookup "v1" "Secret" .Release.Namespace (include "task-runner.secretName" .) | default dict -}}
{{- $data := get $there "data" | default dict | deepCopy -}}
{{- range $key, $value := $given -}}
{{- if $value -}}
{{- $_ := set $data $key ($value | toString | b64enc) -}}
{{- else if not (hasKey $data $key) -}}
{{- $_ := set $data $key (include "task-runner.random" $key | b64enc) -}}
{{- end -}}
{{- end -}}
{{- toYaml $data -}}
{{- end -}}

{{- define "task-runner.random" -}}
{{- if eq . "task-encryption-key" -}}{{- randBytes 32 -}}{{- else -}}{{- randAlphaNum 40 -}}{{- end -}}
{{- end -}}

{{/* Changes with the passwords of Redis and its Sentinels alone: no other entry is a reason to restart them. */}}
{{- define "task-runner.passwordsChecksum" -}}
{{- $data := include "task-runner.secretData" . | fromYaml -}}
{{- pick $data .Values.redis.redis.auth.fromSecret.passwordKey .Values.redis.sentinel.auth.fromSecret.passwordKey | toJson | sha256sum -}}
{{- end -}}
