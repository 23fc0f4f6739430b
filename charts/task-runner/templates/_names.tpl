{{- define "task-runner.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Room is left for "-sentinel-0" and what Kubernetes puts behind it. */}}
{{- define "task-runner.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "task-runner.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "task-runner.secretName" -}}
{{- default (printf "%s-secrets" (include "task-runner.fullname" .)) .Values.secretName -}}
{{- end -}}

{{- define "task-runner.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "task-runner.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* dict "root" $ "part" "api": what selects the pods of a part, and never changes. */}}
{{- define "task-runner.selector" -}}
app.kubernetes.io/name: {{ include "task-runner.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end -}}

{{- define "task-runner.labels" -}}
{{ include "task-runner.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: task-runner
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* A text is an image as it is; a map is put together. global.image wins over both. */}}
{{- define "task-runner.image" -}}
{{- $image := .Values.image -}}
{{- $global := .Values.global.image -}}
{{- if $global.repository -}}
{{- printf "%s:%s" $global.repository (default .Chart.AppVersion $global.tag) -}}
{{- else if kindIs "string" $image -}}
{{- $image -}}
{{- else if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default .Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "task-runner.pullPolicy" -}}
{{- if kindIs "string" .Values.image -}}IfNotPresent{{- else -}}{{ default "IfNotPresent" .Values.image.pullPolicy }}{{- end -}}
{{- end -}}

{{/* cpu and memory as one writes them for a whole replica; requests and limits win. */}}
{{- define "task-runner.resources" -}}
{{- $requests := dict -}}
{{- $limits := dict -}}
{{- with .cpu }}{{- $_ := set $requests "cpu" (toString .) -}}{{- end -}}
{{- with .memory }}{{- $_ := set $requests "memory" (toString .) -}}{{- $_ := set $limits "memory" (toString .) -}}{{- end -}}
{{- toYaml (dict "requests" (merge (dict) (default dict .requests) $requests) "limits" (merge (dict) (default dict .limits) $limits)) -}}
{{- end -}}
