{{/* The pod of the API or of the workers: they differ in MODE and in their values. dict "root" $ "part" "api" */}}
{{- define "task-runner.deployment" -}}
{{- $root := .root -}}
{{- $values := .root.Values -}}
{{- $own := index $values .part -}}
{{- $sleep := default 0 $own.preStopSleepSec -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "task-runner.fullname" $root }}-{{ .part }}
  labels: {{- include "task-runner.labels" . | nindent 4 }}
spec:
  {{- if not (include "task-runner.isScaled" .) }}
  replicas: {{ $own.replicas.min }}
  {{- end }}
  revisionHistoryLimit: {{ $values.revisionHistoryLimit }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 1
  selector:
    matchLabels: {{- include "task-runner.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "task-runner.labels" . | nindent 8 }}
        {{- with $own.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        {{- if $values.createSecret }}
        # A new password needs new processes.
        checksum/secret: {{ include "task-runner.secretData" $root | sha256sum }}
        {{- end }}
        {{- with $own.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      {{- with $values.imagePullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      serviceAccountName: {{ include "task-runner.serviceAccountName" $root }}
      automountServiceAccountToken: false
      # A Service named redis would set REDIS_PORT to something like tcp://10.0.0.1:6379.
      enableServiceLinks: false
      securityContext: {{- toYaml $values.podSecurityContext | nindent 8 }}
      # Draining takes shutdownTimeoutSec, what comes after it up to 5 s; the rest is for a slow machine.
      terminationGracePeriodSeconds: {{ add $own.shutdownTimeoutSec $sleep 15 }}
      {{- with $own.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      {{- with $own.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $own.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $own.affinity }}
      affinity: {{- toYaml . | nindent 8 }}
      {{- end }}
      topologySpreadConstraints:
        {{- if $own.topologySpreadConstraints }}
        {{- toYaml $own.topologySpreadConstraints | nindent 8 }}
        {{- else }}
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels: {{- include "task-runner.selector" . | nindent 14 }}
        {{- end }}
      containers:
        - name: {{ .part }}
          image: {{ include "task-runner.image" $root | quote }}
          imagePullPolicy: {{ include "task-runner.pullPolicy" $root }}
          env: {{- include "task-runner.env" . | nindent 12 }}
          {{- with $values.extraEnvFrom }}
          envFrom: {{- toYaml . | nindent 12 }}
          {{- end }}
          ports:
            - name: http
              containerPort: {{ $own.port }}
          {{- include "task-runner.probes" . | nindent 10 }}
          {{- if $sleep }}
          lifecycle:
            preStop:
              sleep:
                seconds: {{ $sleep }}
          {{- end }}
          resources: {{- include "task-runner.resources" $own.resources | nindent 12 }}
          securityContext: {{- include "task-runner.containerSecurity" $root | nindent 12 }}
          {{- with $values.extraVolumeMounts }}
          volumeMounts: {{- toYaml . | nindent 12 }}
          {{- end }}
      {{- with $values.extraVolumes }}
      volumes: {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end -}}

{{- define "task-runner.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* The server listens before it has reached Redis: the start is that of Node alone. */}}
{{- define "task-runner.probes" -}}
{{- $values := .root.Values -}}
{{- $hosts := ternary (get $values.config "ALLOWED_HOSTS") "" (eq .part "api") -}}
startupProbe:
  httpGet: {{- include "task-runner.probed" (dict "path" "/health/live" "hosts" $hosts) | nindent 4 }}
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 30
readinessProbe:
  httpGet: {{- include "task-runner.probed" (dict "path" "/health/ready" "hosts" $hosts) | nindent 4 }}
  {{- toYaml $values.probes.readiness | nindent 2 }}
livenessProbe:
  httpGet: {{- include "task-runner.probed" (dict "path" "/health/live" "hosts" $hosts) | nindent 4 }}
  {{- toYaml $values.probes.liveness | nindent 2 }}
{{- end -}}

{{/* Probes name the address of the pod as their host, which ALLOWED_HOSTS would refuse. */}}
{{- define "task-runner.probed" -}}
path: {{ .path }}
port: http
{{- with .hosts }}
httpHeaders:
  - name: Host
    value: {{ splitList "," . | first | trim }}
{{- end }}
{{- end -}}

{{- define "task-runner.isScaled" -}}
{{- $replicas := (index .root.Values .part).replicas -}}
{{- if and (ne .root.Values.autoscaling.mode "none") (lt (int $replicas.min) (int $replicas.max)) -}}true{{- end -}}
{{- end -}}
