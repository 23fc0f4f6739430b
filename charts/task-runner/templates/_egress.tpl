{{/* What a pod calls by itself: names, Redis, the collector, and what was named. dict "root" $ "part" "api" */}}
{{- define "task-runner.ownEgress" -}}
{{- $values := .root.Values -}}
{{- $redis := $values.redis -}}
- ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
{{- if ne (include "task-runner.redisMode" .root) "external" }}
- to:
    - podSelector:
        matchExpressions:
          - key: app.kubernetes.io/component
            operator: In
            values: [redis, sentinel]
        matchLabels:
          app.kubernetes.io/name: {{ include "task-runner.name" .root }}
          app.kubernetes.io/instance: {{ .root.Release.Name }}
  ports:
    - port: 6379
    - port: 26379
{{- else }}
# A managed Redis may be anywhere; its Sentinels name addresses that nobody knows before.
- ports: {{- include "task-runner.redisPorts" .root | nindent 4 }}
{{- end }}
{{- if has .part (list "api" "worker") }}
{{- with (index $values .part).env.otelEndpoint }}
- ports:
    - port: {{ include "task-runner.portOf" (dict "address" . "else" "4318") }}
{{- end }}
{{- with $values.networkPolicy.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Anybody on the internet; with allowPrivateUrls, anybody but what hands out the credentials of a cloud. */}}
{{- define "task-runner.targetEgress" -}}
{{- $policy := .Values.networkPolicy -}}
{{- $isOpen := .Values.worker.env.allowPrivateUrls -}}
- to:
    - ipBlock:
        cidr: 0.0.0.0/0
        {{- with ternary $policy.metadataRanges $policy.privateRanges $isOpen }}
        except: {{- toYaml . | nindent 10 }}
        {{- end }}
    - ipBlock:
        cidr: ::/0
        {{- with ternary $policy.metadataRangesV6 $policy.privateRangesV6 $isOpen }}
        except: {{- toYaml . | nindent 10 }}
        {{- end }}
{{- end -}}

{{- define "task-runner.redisPorts" -}}
{{- $redis := .Values.redis -}}
{{- $ports := list -}}
{{- with $redis.url }}{{ $ports = append $ports (include "task-runner.portOf" (dict "address" . "else" "6379")) }}{{ end -}}
{{- with $redis.address }}{{ $ports = append $ports (include "task-runner.portOf" (dict "address" . "else" "6379")) }}{{ end -}}
{{- if $redis.sentinelAddresses }}{{ $ports = append $ports "6379" }}{{ end -}}
{{- range $redis.sentinelAddresses }}{{ $ports = append $ports (include "task-runner.portOf" (dict "address" . "else" "26379")) }}{{ end -}}
{{- range uniq $ports }}
- port: {{ . }}
{{- end -}}
{{- end -}}

{{/* The port in host:port or a URL. */}}
{{- define "task-runner.portOf" -}}
{{- $port := regexFind ":[0-9]+(/.*)?$" .address | regexFind "[0-9]+" -}}
{{- default (ternary "443" .else (hasPrefix "https://" .address)) $port -}}
{{- end -}}
