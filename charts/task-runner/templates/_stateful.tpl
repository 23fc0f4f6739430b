{{/* Redis or its Sentinels, with the headless Service that gives each pod its name. dict "root" $ "part" "redis" "count" 3 */}}
{{- define "task-runner.statefulSet" -}}
{{- $root := .root -}}
{{- $redis := .root.Values.redis -}}
{{- $own := index $redis .part -}}
{{- $name := printf "%s-%s" (include "task-runner.fullname" $root) .part -}}
{{- $port := ternary 6379 26379 (eq .part "redis") -}}
{{- $alone := eq (include "task-runner.redisMode" $root) "standalone" }}
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  labels: {{- include "task-runner.labels" . | nindent 4 }}
spec:
  clusterIP: None
  # They find each other by name before any of them is ready.
  publishNotReadyAddresses: true
  selector: {{- include "task-runner.selector" . | nindent 4 }}
  ports:
    - name: {{ .part }}
      port: {{ $port }}
      targetPort: {{ .part }}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ $name }}
  labels: {{- include "task-runner.labels" . | nindent 4 }}
spec:
  serviceName: {{ $name }}
  replicas: {{ .count }}
  podManagementPolicy: Parallel
  revisionHistoryLimit: {{ $root.Values.revisionHistoryLimit }}
  selector:
    matchLabels: {{- include "task-runner.selector" . | nindent 6 }}
  template:
    metadata:
      # Not the versions of chart and product: a new one is no reason to restart Redis.
      labels:
        {{- include "task-runner.selector" . | nindent 8 }}
        app.kubernetes.io/part-of: task-runner
        {{- with $root.Values.commonLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        checksum/start: {{ $root.Files.Get (printf "files/%s-start.sh" .part) | sha256sum }}
        {{- if $root.Values.createSecret }}
        checksum/passwords: {{ include "task-runner.passwordsChecksum" $root }}
        {{- end }}
    spec:
      {{- with $root.Values.imagePullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      serviceAccountName: {{ include "task-runner.serviceAccountName" $root }}
      automountServiceAccountToken: false
      # A Service named redis would set REDIS_PORT to something like tcp://10.0.0.1:6379.
      enableServiceLinks: false
      # The user of the image.
      securityContext: {{- toYaml (merge (dict "runAsUser" 999 "runAsGroup" 999 "fsGroup" 999 "fsGroupChangePolicy" "OnRootMismatch") $root.Values.podSecurityContext) | nindent 8 }}
      terminationGracePeriodSeconds: 60
      {{- with $redis.redis.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $redis.redis.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $redis.redis.affinity }}
      affinity: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if not $alone }}
      topologySpreadConstraints:
        {{- range $key, $unless := dict "kubernetes.io/hostname" $redis.spread "topology.kubernetes.io/zone" "ScheduleAnyway" }}
        - maxSkew: 1
          topologyKey: {{ $key }}
          whenUnsatisfiable: {{ $unless }}
          labelSelector:
            matchLabels: {{- include "task-runner.selector" $ | nindent 14 }}
        {{- end }}
      {{- end }}
      containers:
        - name: {{ .part }}
          image: {{ include "task-runner.redisImage" $root | quote }}
          imagePullPolicy: {{ $redis.image.pullPolicy }}
          command: [sh, /start/{{ .part }}-start.sh]
          env:
            - name: POD
              valueFrom:
                fieldRef:
                  fieldPath: metadata.name
            - name: SELF
              value: $(POD).{{ $name }}.{{ $root.Release.Namespace }}.svc
            - name: FIRST
              value: {{ include "task-runner.members" (dict "root" $root "part" "redis" "count" 1) }}
            - name: SENTINELS
              value: {{ ternary "" (include "task-runner.members" (dict "root" $root "part" "sentinel" "count" 3)) $alone | quote }}
            - name: MASTER_NAME
              value: {{ $redis.masterName }}
            {{- if eq .part "redis" }}
            - name: APPENDFSYNC
              value: {{ default (ternary "always" "everysec" $alone) $redis.redis.appendfsync }}
            - name: MAXMEMORY
              value: {{ include "task-runner.maxmemory" $root | quote }}
            {{- else }}
            - name: DOWN_AFTER_MS
              value: {{ $own.downAfterMs | int64 | quote }}
            - name: FAILOVER_TIMEOUT_MS
              value: {{ $own.failoverTimeoutMs | int64 | quote }}
            {{- end }}
            {{- include "task-runner.passwordEnv" (dict "root" $root "of" "redis" "name" "REDIS_PASSWORD") | nindent 12 }}
            {{- if not $alone }}
            {{- include "task-runner.passwordEnv" (dict "root" $root "of" "sentinel" "name" "SENTINEL_PASSWORD") | nindent 12 }}
            {{- end }}
          ports:
            - name: {{ .part }}
              containerPort: {{ $port }}
          # One that waits for the Sentinels to name the master does not listen yet.
          startupProbe:
            tcpSocket:
              port: {{ .part }}
            periodSeconds: 5
            failureThreshold: 120
          readinessProbe:
            exec:
              {{- if eq .part "redis" }}
              command: [sh, /start/redis-ready.sh]
              {{- else }}
              command:
                - sh
                - -c
                - REDISCLI_AUTH="$SENTINEL_PASSWORD" redis-cli -p {{ $port }} ping | grep -q PONG
              {{- end }}
            periodSeconds: 10
            timeoutSeconds: 5
          livenessProbe:
            tcpSocket:
              port: {{ .part }}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          resources: {{- include "task-runner.resources" $own.resources | nindent 12 }}
          securityContext: {{- include "task-runner.containerSecurity" $root | nindent 12 }}
          volumeMounts:
            - name: data
              mountPath: /data
            - name: start
              mountPath: /start
              readOnly: true
      volumes:
        - name: start
          configMap:
            name: {{ include "task-runner.fullname" $root }}-redis
        {{- if not $own.persistence.enabled }}
        - name: data
          emptyDir: {}
        {{- end }}
  {{- if $own.persistence.enabled }}
  volumeClaimTemplates:
    - apiVersion: v1
      kind: PersistentVolumeClaim
      metadata:
        name: data
        labels: {{- include "task-runner.selector" . | nindent 10 }}
      spec:
        accessModes: [ReadWriteOnce]
        {{- with $own.persistence.storageClass }}
        storageClassName: {{ . }}
        {{- end }}
        resources:
          requests:
            storage: {{ $own.persistence.size }}
  {{- end }}
{{- end -}}
