{{/* Selects this release's samples, by whatever monitor they came: `which` is a role, or empty for every pod. */}}
{{- define "airlock.samples" -}}
{{- $name := include "airlock.fullname" .root -}}
{{- $pods := dict
  "api" (printf "%s-[a-z0-9]+-[a-z0-9]{5}" $name)
  "worker" (printf "%s-worker-[0-9]+" $name)
  "" (printf "%s-([a-z0-9]+-[a-z0-9]{5}|worker-[0-9]+)" $name) -}}
{{- printf "namespace=%q,pod=~%q" (include "airlock.namespace" .root) (index $pods (default "" .which)) -}}
{{- end -}}

{{/* One endpoint of a ServiceMonitor or PodMonitor; takes root and monitor, its values. */}}
{{- define "airlock.endpoint" -}}
- port: management
  path: /metrics
  {{- with .monitor.interval }}
  interval: {{ . }}
  {{- end }}
  {{- with .monitor.scrapeTimeout }}
  scrapeTimeout: {{ . }}
  {{- end }}
  {{- with (include "airlock.secrets" .root | fromJson).METRICS_TOKEN }}
  authorization:
    type: Bearer
    credentials:
      name: {{ .secret }}
      key: {{ .key }}
  {{- end }}
  {{- with .monitor.relabelings }}
  relabelings: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .monitor.metricRelabelings }}
  metricRelabelings: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
