{{/* Whether the release uses a database that is not embedded. */}}
{{- define "airlock.database" -}}
{{- if or .Values.database.existingSecret .Values.database.url }}yes{{ end -}}
{{- end -}}

{{/* Each secret variable that there is, with its Secret and its key; one of the chart's has the text that was given, or "". */}}
{{- define "airlock.secrets" -}}
{{- $values := .Values -}}
{{- $own := include "airlock.fullname" . -}}
{{- $all := dict -}}
{{- range $name, $from := dict
  "ACCESS_TOKEN" $values.accessToken
  "AI_API_KEY" $values.ai.apiKey
  "DATABASE_URL" $values.database
  "GOOGLE_CLIENT_SECRET" $values.signIn.googleClientSecret
  "METRICS_TOKEN" $values.metricsToken
  "OIDC_CLIENT_SECRET" $values.signIn.oidcClientSecret
  "REDIS_URL" $values.redis
  "SECRET_KEYS" $values.secretKeys -}}
{{- $keys := eq $name "SECRET_KEYS" -}}
{{- $given := coalesce $from.value $from.url | default "" -}}
{{- $generate := and $from.generate (or (not $keys) (include "airlock.database" $)) -}}
{{- if $from.existingSecret -}}
{{- $_ := set $all $name (dict "secret" $from.existingSecret "key" $from.key) -}}
{{- else if or $given $generate -}}
{{- $_ := set $all $name (dict "secret" (ternary (printf "%s-keys" $own) $own $keys) "key" $name "given" $given) -}}
{{- end -}}
{{- end -}}
{{- toJson $all -}}
{{- end -}}

{{/* The container's variables, each name once, the last word wins; takes root, role ("api", "worker" or
"migration", which has no secret but the database's) and settings. */}}
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
  "COSTLY_REQUESTS" (int64 $config.costlyRequests)
  "SOCKETIO_TRANSPORTS" (join "," $config.socketio.transports)
  "SOCKETIO_MAX_SESSIONS" (int64 $config.socketio.maxSessions)
  "DATA_DIR" "/var/lib/airlock"
  "DEMO" $config.demo
  "MAX_MESSAGE_SIZE" (int64 $config.maxMessageSize)
  "STORAGE_QUOTA" (int64 $config.storageQuota)
  "IMAP_ALLOW_PRIVATE" $config.imap.allowPrivate
  "GMAIL_SEND" $config.gmail.send
  "SESSION_IDLE" (int64 $config.signIn.sessionIdle)
  "SESSION_LIFETIME" (int64 $config.signIn.sessionLifetime) -}}
{{- with $config.contract }}{{ $_ := set $texts "AIRLOCK_CONTRACT" . }}{{ end -}}
{{- with $config.trustedProxies }}{{ $_ := set $texts "TRUSTED_PROXIES" (join "," .) }}{{ end -}}
{{- with $config.socketio.allowedOrigins }}{{ $_ := set $texts "SOCKETIO_ALLOWED_ORIGINS" (join "," .) }}{{ end -}}
{{- with $config.maildirRoots }}{{ $_ := set $texts "MAILDIR_ROOTS" (join "," .) }}{{ end -}}
{{- if $config.ai.baseUrl -}}
{{- $_ := set $texts "AI_BASE_URL" $config.ai.baseUrl -}}
{{- $_ := set $texts "AI_MODEL" $config.ai.model -}}
{{- $_ := set $texts "AI_DAILY_TOKENS" (int64 $config.ai.dailyTokens) -}}
{{- $_ := set $texts "AI_TIMEOUT" $config.ai.timeout -}}
{{- end -}}
{{- if ne .role "migration" -}}
{{- with $config.signIn -}}
{{- range $name, $text := dict "BASE_URL" .baseUrl "GOOGLE_CLIENT_ID" .googleClientId "GOOGLE_REDIRECT_URI" .googleRedirectUri "GMAIL_REDIRECT_URI" $config.gmail.redirectUri "OIDC_ISSUER" .oidcIssuer "OIDC_CLIENT_ID" .oidcClientId "OIDC_REDIRECT_URI" .oidcRedirectUri "ALLOWED_USERS" (join "," .allowedUsers) "ALLOWED_DOMAINS" (join "," .allowedDomains) -}}
{{- with $text }}{{ $_ := set $texts $name . }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (eq $root.Values.mode "split") (ne .role "migration") }}{{ $_ := set $texts "WORKER_MODE" (eq .role "worker") }}{{ end -}}
{{- $all := list -}}
{{- range $name := keys $texts | sortAlpha }}{{ $all = append $all (dict "name" $name "value" (index $texts $name | toString)) }}{{ end -}}
{{- $secrets := include "airlock.secrets" $root | fromJson -}}
{{- if eq .role "migration" }}{{ $secrets = include "airlock.migrationSecrets" $root | fromJson }}{{ end -}}
{{- range $name, $from := $secrets -}}
{{- $all = append $all (dict "name" $name "valueFrom" (dict "secretKeyRef" (dict "name" $from.secret "key" $from.key))) -}}
{{- end -}}
{{- if eq .role "worker" }}{{ $all = append $all (dict "name" "WORKER_NAME" "valueFrom" (dict "fieldRef" (dict "fieldPath" "metadata.name"))) }}{{ end -}}
{{- $computed := dict "PORT" "port" "MANAGEMENT_PORT" "managementPort" "BOOT_TIMEOUT" "bootTimeout" "DRAIN_DELAY" "drainDelay" "GRACE_PERIOD" "gracePeriod" -}}
{{- range tpl (concat $root.Values.extraEnv .settings.extraEnv | toYaml) $root | fromYamlArray -}}
{{- $name := .name -}}
{{- if eq $name "DATABASE_URL" }}{{ fail "extraEnv sets DATABASE_URL, by which volumes, migrations and network rules are decided: set database.existingSecret or database.url instead" }}{{ end -}}
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
