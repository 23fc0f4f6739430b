{{/* What was given, else what is there, else something random: never anything else at the next upgrade. dict "root" $ "key" "x" "given" "" "length" 40 */}}
{{- define "task-runner.kept" -}}
{{- $there := lookup "v1" "Secret" .root.Release.Namespace (include "task-runner.secretName" .root) | default dict -}}
{{- $value := get (get $there "data" | default dict) .key -}}
{{- if .given -}}
{{- .given | toString | b64enc -}}
{{- else if $value -}}
{{- $value -}}
{{- else if eq .key "task-encryption-key" -}}
{{- randBytes 32 | b64enc -}}
{{- else -}}
{{- randAlphaNum 40 | b64enc -}}
{{- end -}}
{{- end -}}

{{/* Once for all templates: what is random must be the same in each of them. */}}
{{- define "task-runner.secretData" -}}
{{- if not (hasKey .Values "secretData__") -}}
{{- $_ := set .Values "secretData__" (include "task-runner.newSecretData" .) -}}
{{- end -}}
{{- get .Values "secretData__" -}}
{{- end -}}

{{- define "task-runner.newSecretData" -}}
{{- $redis := .Values.redis -}}
{{- $mode := include "task-runner.redisMode" . -}}
{{- if not (or .Values.api.admin.apiKeySecretName (not (has .Values.redis.admin.fromSecret.name (list "" (include "task-runner.secretName" .))))) }}
{{ $redis.admin.fromSecret.apiKeyKey }}: {{ include "task-runner.kept" (dict "root" . "key" $redis.admin.fromSecret.apiKeyKey "given" .Values.api.env.adminApiKey) }}
{{- end }}
{{- range $of, $given := dict "redis" (default $redis.password $redis.redisPassword) "sentinel" $redis.sentinelPassword }}
{{- $from := (index $redis $of).auth.fromSecret }}
{{- $wanted := and (include "task-runner.hasPassword" (dict "root" $ "of" $of)) (or (eq $of "redis") (ne $mode "standalone")) }}
{{- if and $wanted (has $from.name (list "" (include "task-runner.secretName" $))) }}
{{ $from.passwordKey }}: {{ include "task-runner.kept" (dict "root" $ "key" $from.passwordKey "given" $given) }}
{{- end }}
{{- end }}
{{- if .Values.encryption.enabled }}
task-encryption-key: {{ include "task-runner.kept" (dict "root" . "key" "task-encryption-key" "given" .Values.encryption.key) }}
{{- end }}
{{- if eq .Values.autoscaling.mode "keda" }}
autoscale-token: {{ include "task-runner.kept" (dict "root" . "key" "autoscale-token") }}
{{- end }}
{{- if .Values.metrics.requireToken }}
metrics-token: {{ include "task-runner.kept" (dict "root" . "key" "metrics-token") }}
{{- end }}
{{- if and $redis.url (eq $mode "external") }}
redis-url: {{ $redis.url | b64enc }}
{{- end }}
{{- end -}}
