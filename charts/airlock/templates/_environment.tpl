{{- define "airlock.metricsSecret" -}}
{{- $token := .Values.metricsToken -}}
{{- if $token.existingSecret }}{{ $token.existingSecret }}
{{- else if or $token.value $token.generate }}{{ include "airlock.fullname" . }}
{{- end }}
{{- end -}}

{{- define "airlock.metricsKey" -}}
{{- ternary .Values.metricsToken.key "METRICS_TOKEN" (ne .Values.metricsToken.existingSecret "") -}}
{{- end -}}

{{- define "airlock.redisSecret" -}}
{{- if .Values.redis.existingSecret }}{{ .Values.redis.existingSecret }}
{{- else if .Values.redis.url }}{{ include "airlock.fullname" . }}
{{- end }}
{{- end -}}

{{- define "airlock.redisKey" -}}
{{- ternary .Values.redis.key "REDIS_URL" (ne .Values.redis.existingSecret "") -}}
{{- end -}}

{{/* The container's variables, each name once, the last word wins; takes root, role and settings. */}}
{{- define "airlock.environment" -}}
{{- $root := .root -}}
{{- $config := $root.Values.config -}}
{{- $texts := dict
  "PORT" (int $config.port)
  "MANAGEMENT_PORT" (int $config.managementPort)
  "BOOT_TIMEOUT" $config.bootTimeout
  "DRAIN_DELAY" (ternary 0 $config.drainDelay (eq .role "worker"))
  "GRACE_PERIOD" $config.gracePeriod
  "LOG_FORMAT" $config.logFormat
  "DEBUG_CONFIG" $config.debugConfig
  "MAX_BODY_SIZE" (int64 $config.maxBodySize)
  "SOCKETIO_TRANSPORTS" (join "," $config.socketio.transports)
  "SOCKETIO_MAX_SESSIONS" (int64 $config.socketio.maxSessions) -}}
{{- with $config.contract }}{{ $_ := set $texts "AIRLOCK_CONTRACT" . }}{{ end -}}
{{- with $config.trustedProxies }}{{ $_ := set $texts "TRUSTED_PROXIES" (join "," .) }}{{ end -}}
{{- with $config.socketio.allowedOrigins }}{{ $_ := set $texts "SOCKETIO_ALLOWED_ORIGINS" (join "," .) }}{{ end -}}
{{- if eq $root.Values.mode "split" }}{{ $_ := set $texts "WORKER_MODE" (eq .role "worker") }}{{ end -}}
{{- $all := list -}}
{{- range $name := keys $texts | sortAlpha }}{{ $all = append $all (dict "name" $name "value" (index $texts $name | toString)) }}{{ end -}}
{{- with include "airlock.metricsSecret" $root -}}
{{- $all = append $all (dict "name" "METRICS_TOKEN" "valueFrom" (dict "secretKeyRef" (dict "name" . "key" (include "airlock.metricsKey" $root)))) -}}
{{- end -}}
{{- with include "airlock.redisSecret" $root -}}
{{- $all = append $all (dict "name" "REDIS_URL" "valueFrom" (dict "secretKeyRef" (dict "name" . "key" (include "airlock.redisKey" $root)))) -}}
{{- end -}}
{{- $computed := dict "PORT" "port" "MANAGEMENT_PORT" "managementPort" "BOOT_TIMEOUT" "bootTimeout" "DRAIN_DELAY" "drainDelay" "GRACE_PERIOD" "gracePeriod" -}}
{{- range tpl (concat $root.Values.extraEnv .settings.extraEnv | toYaml) $root | fromYamlArray -}}
{{- $name := .name -}}
{{- if eq $name "WORKER_MODE" }}{{ fail "extraEnv sets WORKER_MODE, which says what a pod is: set mode instead" }}{{ end -}}
{{- with get $computed $name }}{{ fail (printf "extraEnv sets %s, which ports, probes and the grace period are computed from: set config.%s instead" $name .) }}{{ end -}}
{{- $all = append $all . -}}
{{- end -}}
{{- $seen := dict -}}
{{- $merged := list -}}
{{- range reverse $all -}}
{{- if not (hasKey $seen .name) }}{{ $merged = prepend $merged . }}{{ $_ := set $seen .name true }}{{ end -}}
{{- end -}}
{{- toYaml $merged -}}
{{- end -}}
