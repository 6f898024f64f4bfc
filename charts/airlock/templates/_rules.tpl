{{/* How many API pods there are at least. */}}
{{- define "airlock.apiLeast" -}}
{{- with .Values.api -}}
{{- ternary (int .autoscaling.minReplicas) (int .replicas) .autoscaling.enabled -}}
{{- end -}}
{{- end -}}

{{/* How many workers there are at least; one when somebody else sets their number. */}}
{{- define "airlock.workerLeast" -}}
{{- ternary 1 (int .Values.worker.replicas) (kindIs "invalid" .Values.worker.replicas) -}}
{{- end -}}

{{/* Whether a client that polls has to come back to its pod, because there are several or may be. */}}
{{- define "airlock.sticky" -}}
{{- $most := ternary .Values.api.autoscaling.maxReplicas .Values.api.replicas .Values.api.autoscaling.enabled -}}
{{- if and (has "polling" .Values.config.socketio.transports) (gt (int $most) 1) }}yes{{ end -}}
{{- end -}}

{{/* Whether what is in /var/lib/airlock outlives the pod. */}}
{{- define "airlock.persistent" -}}
{{- $embedded := and (eq .Values.mode "all") (not (include "airlock.database" .)) -}}
{{- if ternary $embedded .Values.persistence.enabled (kindIs "invalid" .Values.persistence.enabled) }}yes{{ end -}}
{{- end -}}

{{/* Whether a Job migrates the database; an application of one's own has other ways. */}}
{{- define "airlock.migrates" -}}
{{- $wanted := ternary (not .Values.config.contract) .Values.migrations.enabled (kindIs "invalid" .Values.migrations.enabled) -}}
{{- if and $wanted (include "airlock.database" .) }}yes{{ end -}}
{{- end -}}

{{/* Values that fit the schema and contradict each other. */}}
{{- define "airlock.rules" -}}
{{- $values := .Values -}}
{{- $api := $values.api -}}
{{- if eq (int $values.config.port) (int $values.config.managementPort) -}}
{{- fail (printf "config.port and config.managementPort are both %d: choose two" (int $values.config.port)) -}}
{{- end -}}
{{- if eq $values.mode "all" -}}
{{- if $api.autoscaling.enabled }}{{ fail "api.autoscaling.enabled needs mode=split: in mode=all every pod is a worker too, and there has to be exactly one" }}{{ end -}}
{{- if ne (int $api.replicas) 1 }}{{ fail (printf "api.replicas is %d, but mode=all has exactly one pod, because each would be a worker: set mode=split to have more" (int $api.replicas)) }}{{ end -}}
{{- else if not (or (include "airlock.database" .) $values.config.contract) -}}
{{- fail "mode=split has no database that API and worker share: set database.existingSecret (or database.url) to a PostgreSQL, or mode=all for the embedded one" -}}
{{- else if $values.persistence.enabled -}}
{{- fail "persistence.enabled needs mode=all: the pods of mode=split cannot share one volume" -}}
{{- end -}}
{{- if and $values.migrations.enabled (not (include "airlock.database" .)) -}}
{{- fail "migrations.enabled needs database.existingSecret or database.url: the embedded database is in the pod's volume, and the pod migrates it" -}}
{{- end -}}
{{- $signIn := $values.config.signIn -}}
{{- if and (or $signIn.googleClientId $signIn.oidcIssuer) (or (not $signIn.baseUrl) (not (concat $signIn.allowedUsers $signIn.allowedDomains))) -}}
{{- fail "config.signIn names a provider: set config.signIn.baseUrl, where it sends browsers back to, and allowedUsers or allowedDomains, who may sign in" -}}
{{- end -}}
{{- $ai := $values.config.ai -}}
{{- if and $ai.baseUrl (not $ai.model) }}{{ fail "config.ai.baseUrl is set without config.ai.model: name the model that answers there" }}{{ end -}}
{{- if and (not $ai.baseUrl) (or $ai.model $values.ai.apiKey.existingSecret $values.ai.apiKey.value) -}}
{{- fail "config.ai.model and ai.apiKey need config.ai.baseUrl: set it, or take them out" -}}
{{- end -}}
{{- with $api.autoscaling -}}
{{- if and .enabled (gt (int .minReplicas) (int .maxReplicas)) -}}
{{- fail (printf "api.autoscaling.minReplicas (%d) is more than maxReplicas (%d)" (int .minReplicas) (int .maxReplicas)) -}}
{{- end -}}
{{- if and .enabled (not .targetCPU) (not .targetMemory) (not .metrics) -}}
{{- fail "api.autoscaling is enabled without anything to go by: set targetCPU, targetMemory or metrics" -}}
{{- end -}}
{{- range $resource, $target := dict "cpu" .targetCPU "memory" .targetMemory -}}
{{- if and $api.autoscaling.enabled $target (not (dig "requests" $resource "" $api.resources)) -}}
{{- fail (printf "api.autoscaling aims at a percentage of the requested %s, and none is requested: set api.resources.requests.%s" $resource $resource) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if include "airlock.sticky" . -}}
{{- $way := "or let clients use websockets only (config.socketio.transports=[websocket])" -}}
{{- if and $values.ingress.enabled (not $values.ingress.sessionAffinity) -}}
{{- fail (printf "ingress: several API pods with Socket.IO polling need session affinity: set ingress.sessionAffinity to nginx, traefik or custom, %s" $way) -}}
{{- end -}}
{{- if and $values.httpRoute.enabled (not $values.httpRoute.sessionAffinity) -}}
{{- fail (printf "httpRoute: several API pods with Socket.IO polling need session affinity: set httpRoute.sessionAffinity to persistence or custom, %s" $way) -}}
{{- end -}}
{{- end -}}
{{- if and $values.ingress.enabled (not $values.ingress.hosts) }}{{ fail "ingress.enabled needs at least one entry in ingress.hosts" }}{{ end -}}
{{- if and $values.httpRoute.enabled (not $values.httpRoute.parentRefs) }}{{ fail "httpRoute.enabled needs the Gateway in httpRoute.parentRefs" }}{{ end -}}
{{- with $values.service -}}
{{- if and .nodePort (eq .type "ClusterIP") }}{{ fail "service.nodePort needs service.type=NodePort or LoadBalancer: a ClusterIP has no port on the nodes" }}{{ end -}}
{{- if and .externalTrafficPolicy (eq .type "ClusterIP") }}{{ fail "service.externalTrafficPolicy needs service.type=NodePort or LoadBalancer: nothing reaches a ClusterIP from outside" }}{{ end -}}
{{- if and .loadBalancerSourceRanges (ne .type "LoadBalancer") }}{{ fail "service.loadBalancerSourceRanges needs service.type=LoadBalancer: use networkPolicy elsewhere" }}{{ end -}}
{{- if and (gt (len .ipFamilies) 1) (not (hasSuffix "DualStack" .ipFamilyPolicy)) }}{{ fail "service.ipFamilies names two: set service.ipFamilyPolicy to PreferDualStack or RequireDualStack" }}{{ end -}}
{{- end -}}
{{- with $values.metrics -}}
{{- if and .serviceMonitor.enabled .podMonitor.enabled }}{{ fail "metrics.serviceMonitor and metrics.podMonitor are both enabled, and every sample would be there twice: choose one" }}{{ end -}}
{{- end -}}
{{- end -}}
