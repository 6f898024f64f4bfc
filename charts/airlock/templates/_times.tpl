{{/* GRACE_PERIOD, of which DRAIN_DELAY is a part, and 5 s: the gate has to end before the kubelet kills. */}}
{{- define "airlock.terminationGracePeriodSeconds" -}}
{{- $grace := .Values.config.gracePeriod -}}
{{- if ge (float64 .Values.config.drainDelay) (float64 $grace) -}}
{{- fail (printf "config.drainDelay is %v, which leaves nothing of config.gracePeriod (%v), of which it is a part: choose a smaller delay or a longer period" .Values.config.drainDelay $grace) -}}
{{- end -}}
{{- $least := addf $grace 5 | ceil | int -}}
{{- $given := .Values.terminationGracePeriodSeconds -}}
{{- if kindIs "invalid" $given -}}
{{- $least -}}
{{- else if lt (int $given) $least -}}
{{- fail (printf "terminationGracePeriodSeconds is %d, but config.gracePeriod (%v) and 5 s make %d: raise it, lower config.gracePeriod, or leave it null to have it computed" (int $given) $grace $least) -}}
{{- else -}}
{{- int $given -}}
{{- end -}}
{{- end -}}

{{/* The startup probe fails as often as the boot may take, and 10 s for the container's own start. */}}
{{- define "airlock.startupFailures" -}}
{{- $probe := .Values.probes.startup -}}
{{- $boot := float64 .Values.config.bootTimeout -}}
{{- $period := float64 $probe.periodSeconds -}}
{{- $delay := float64 $probe.initialDelaySeconds -}}
{{- if kindIs "invalid" $probe.failureThreshold -}}
{{- addf (divf (max 0 (int (ceil (subf (addf $boot 10) $delay)))) $period | ceil) 1 | int -}}
{{- else -}}
{{- $last := addf $delay (mulf (subf $probe.failureThreshold 1) $period) -}}
{{- if lt $last $boot -}}
{{- fail (printf "probes.startup gives up after %v s (initialDelaySeconds + (failureThreshold - 1) * periodSeconds), before config.bootTimeout (%v s): raise its failureThreshold, or leave that null to have it computed" $last $boot) -}}
{{- end -}}
{{- int $probe.failureThreshold -}}
{{- end -}}
{{- end -}}

{{/* A rollout is not given up before a boot can be. */}}
{{- define "airlock.progressDeadlineSeconds" -}}
{{- $probe := .Values.probes.startup -}}
{{- $budget := add (int $probe.initialDelaySeconds) (mul (include "airlock.startupFailures" . | int) (int $probe.periodSeconds)) -}}
{{- max 600 (add $budget (int .Values.api.minReadySeconds) 120) -}}
{{- end -}}

{{/* One probe; takes root and kind. */}}
{{- define "airlock.probe" -}}
{{- $probe := index .root.Values.probes .kind -}}
{{- $fields := dict
  "periodSeconds" (int $probe.periodSeconds)
  "timeoutSeconds" (int $probe.timeoutSeconds)
  "initialDelaySeconds" (int $probe.initialDelaySeconds)
  "failureThreshold" (int $probe.failureThreshold) -}}
{{- if eq .kind "startup" }}{{ $_ := set $fields "failureThreshold" (include "airlock.startupFailures" .root | int) }}{{ end -}}
{{- $handlers := list -}}
{{- range list "httpGet" "tcpSocket" "grpc" "exec" }}{{ if hasKey $probe.extra . }}{{ $handlers = append $handlers . }}{{ end }}{{ end -}}
{{- if not $handlers }}{{ $_ := set $fields "httpGet" (dict "path" $probe.path "port" "management") }}{{ end -}}
{{- toYaml (merge (dict) $probe.extra $fields) -}}
{{- end -}}
