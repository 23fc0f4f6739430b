{{/*
dict "file" (a file of rules) "given" (metrics.prometheusRule): its groups with what the values change in them. A threshold is
the number that an expression ends in.
*/}}
{{- define "task-runner.alertGroups" -}}
{{- $given := .given -}}
{{- $groups := list -}}
{{- range $group := .file.groups -}}
{{- $rules := list -}}
{{- range $rule := $group.rules -}}
{{- $change := default dict (get $given.alerts $rule.alert) -}}
{{- if hasKey $change "threshold" -}}
{{- if not (regexMatch "[0-9.]+\\s*$" $rule.expr) -}}
{{- fail (printf "metrics.prometheusRule.alerts: %s has no threshold" $rule.alert) -}}
{{- end -}}
{{- $_ := set $rule "expr" (regexReplaceAll "[0-9.]+(\\s*)$" $rule.expr (printf "%s$1" (toJson $change.threshold))) -}}
{{- end -}}
{{- with $change.for }}{{- $_ := set $rule "for" . -}}{{- end -}}
{{- with $change.severity }}{{- $_ := set $rule.labels "severity" . -}}{{- end -}}
{{- range $name, $value := $given.alertLabels }}{{- $_ := set $rule.labels $name $value -}}{{- end -}}
{{- with $given.runbookUrl }}{{- $_ := set $rule.annotations "runbook_url" (printf "%s#%s" . (lower $rule.alert)) -}}{{- end -}}
{{- if ne (get $change "enabled" | toString) "false" }}{{- $rules = append $rules $rule -}}{{- end -}}
{{- end -}}
{{- if $rules }}{{- $groups = append $groups (dict "name" $group.name "rules" $rules) -}}{{- end -}}
{{- end -}}
{{- toYaml (dict "groups" $groups) -}}
{{- end -}}

{{/* Names in metrics.prometheusRule.alerts that no file of rules has. */}}
{{- define "task-runner.checkAlertNames" -}}
{{- $names := list -}}
{{- range $path, $_ := .Files.Glob "alerts/*.yaml" -}}
{{- range ($.Files.Get $path | fromYaml).groups -}}
{{- range .rules }}{{- $names = append $names .alert -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- range $name, $_ := .Values.metrics.prometheusRule.alerts -}}
{{- if not (has $name $names) -}}
{{- fail (printf "metrics.prometheusRule.alerts: there is no alert %s; there are %s" $name (join ", " $names)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
