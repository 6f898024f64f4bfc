{{/* The template of a pod; takes root, role ("api" or "worker") and settings, the values of that role. */}}
{{- define "airlock.pod" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
{{- $labels := merge (include "airlock.selector" $root | fromYaml) (dict "app.kubernetes.io/component" .role) .settings.podLabels $values.commonLabels -}}
{{- $annotations := dict "kubectl.kubernetes.io/default-container" "airlock" -}}
{{- $given := dict -}}
{{- range $name, $from := include "airlock.secrets" $root | fromJson }}{{ with $from.given }}{{ $_ := set $given $name . }}{{ end }}{{ end -}}
{{- with $given }}{{ $_ := set $annotations "checksum/secret" (toJson . | sha256sum) }}{{ end -}}
metadata:
  labels: {{- toYaml $labels | nindent 4 }}
  annotations: {{- merge (dict) .settings.podAnnotations $annotations | toYaml | nindent 4 }}
spec:
  {{- include "airlock.whole" (dict "root" $root "role" .role "spec" (include "airlock.podSpec" .)) | nindent 2 }}
{{- end -}}

{{/* A pod's spec with what extraPodSpec adds to it; takes root, role and spec, a text. */}}
{{- define "airlock.whole" -}}
{{- $spec := fromYaml .spec -}}
{{- with $spec.Error }}{{ fail (printf "the pod of the %s is not YAML (%s): look at extraVolumes, extraVolumeMounts, initContainers and sidecars" $.role .) }}{{ end -}}
{{- $extra := tpl (toYaml .root.Values.extraPodSpec) .root | fromYaml -}}
{{- range $key, $_ := $extra -}}
{{- if hasKey $spec $key }}{{ fail (printf "extraPodSpec sets %s, which the chart sets already: use the value that is meant for it" $key) }}{{ end -}}
{{- end -}}
{{- merge $spec $extra | toYaml -}}
{{- end -}}

{{- define "airlock.podSpec" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
{{- $settings := .settings -}}
serviceAccountName: {{ include "airlock.serviceAccount" $root }}
automountServiceAccountToken: false
# A Service by the name of this release would put AIRLOCK_… variables into every pod.
enableServiceLinks: false
{{- include "airlock.pullSecrets" $root }}
securityContext: {{- include "airlock.securityContext" $values.podSecurityContext | nindent 2 }}
terminationGracePeriodSeconds: {{ include "airlock.terminationGracePeriodSeconds" $root }}
{{- with $values.initContainers }}
initContainers: {{- tpl (toYaml .) $root | nindent 2 }}
{{- end }}
containers:
  - name: airlock
    image: {{ include "airlock.image" $root | quote }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    env: {{- include "airlock.environment" . | nindent 6 }}
    {{- with $values.extraEnvFrom }}
    envFrom: {{- tpl (toYaml .) $root | nindent 6 }}
    {{- end }}
    ports:
      - name: http
        containerPort: {{ int $values.config.port }}
      - name: management
        containerPort: {{ int $values.config.managementPort }}
    {{- range $kind := list "startup" "readiness" "liveness" }}
    {{- if (index $values.probes $kind).enabled }}
    {{ $kind }}Probe: {{- include "airlock.probe" (dict "root" $root "kind" $kind) | nindent 6 }}
    {{- end }}
    {{- end }}
    resources: {{- toYaml $settings.resources | nindent 6 }}
    securityContext: {{- include "airlock.securityContext" $values.securityContext | nindent 6 }}
    terminationMessagePolicy: {{ $values.terminationMessagePolicy }}
    volumeMounts:
      - name: tmp
        mountPath: /tmp
      - name: data
        mountPath: /var/lib/airlock
      {{- with $values.extraVolumeMounts }}
      {{- tpl (toYaml .) $root | nindent 6 }}
      {{- end }}
  {{- with $values.sidecars }}
  {{- tpl (toYaml .) $root | nindent 2 }}
  {{- end }}
volumes:
  - name: tmp
    emptyDir:
      sizeLimit: {{ $values.scratch.tmpSizeLimit }}
  - name: data
    {{- if include "airlock.persistent" $root }}
    persistentVolumeClaim:
      claimName: {{ default (include "airlock.fullname" $root) $values.persistence.existingClaim }}
    {{- else }}
    emptyDir:
      sizeLimit: {{ $values.scratch.dataSizeLimit }}
    {{- end }}
  {{- with $values.extraVolumes }}
  {{- tpl (toYaml .) $root | nindent 2 }}
  {{- end }}
{{- with include "airlock.topologySpread" . }}
topologySpreadConstraints: {{- . | nindent 2 }}
{{- end }}
{{- include "airlock.placement" . }}
{{- end -}}

{{/* Where a pod may be; takes root and settings. */}}
{{- define "airlock.placement" -}}
{{- with .settings.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .settings.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .settings.affinity }}
affinity: {{- tpl (toYaml .) $.root | nindent 2 }}
{{- end }}
{{- with .settings.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{/* The values of a security context; null leaves a field to the platform. */}}
{{- define "airlock.securityContext" -}}
{{- $fields := dict -}}
{{- range $name, $value := omit . "extra" }}{{ if not (kindIs "invalid" $value) }}{{ $_ := set $fields $name $value }}{{ end }}{{ end -}}
{{- toYaml (merge (dict) .extra $fields) -}}
{{- end -}}

{{- define "airlock.topologySpread" -}}
{{- $given := .settings.topologySpreadConstraints -}}
{{- if kindIs "invalid" $given -}}
{{- $labels := merge (include "airlock.selector" .root | fromYaml) (dict "app.kubernetes.io/component" .role) -}}
{{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
- maxSkew: 1
  topologyKey: {{ . }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels: {{- toYaml $labels | nindent 6 }}
{{- end -}}
{{- else if $given -}}
{{- tpl (toYaml $given) .root -}}
{{- end -}}
{{- end -}}
