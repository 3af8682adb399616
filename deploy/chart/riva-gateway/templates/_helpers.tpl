{{/* The release's own name: a Service's begins with a letter. */}}
{{- define "gateway.name" -}}
{{- if not (regexMatch "^[a-z][a-z0-9-]*$" .Release.Name) -}}
{{- fail (printf "release %s: the name must begin with a letter and hold letters, digits and dashes" .Release.Name) -}}
{{- end -}}
{{- .Release.Name -}}
{{- end -}}

{{- define "gateway.selector" -}}
app.kubernetes.io/name: riva-gateway
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: gateway
{{- end -}}

{{/* Of what is no pod of the gateway. */}}
{{- define "gateway.labels" -}}
app.kubernetes.io/name: riva-gateway
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "gateway.podSpec" -}}
serviceAccountName: {{ include "gateway.name" . }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* Image and rights of a container. */}}
{{- define "gateway.container" -}}
{{- $image := .Values.image -}}
image: {{ empty $image.digest | ternary (printf "%s:%s" $image.repository (default .Chart.AppVersion $image.tag)) (printf "%s@%s" $image.repository $image.digest) | quote }}
imagePullPolicy: {{ $image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end -}}

{{- define "gateway.scheme" -}}
{{- empty .Values.tls.existingSecret | ternary "http" "https" -}}
{{- end -}}

{{/* A session that begins at the last moment is followed to its end: its start, its longest time, its last text. */}}
{{- define "gateway.drainSeconds" -}}
{{- add (int64 .Values.sessions.longestSeconds) 30 -}}
{{- end -}}

{{/* The gateway's own limit first, so that it ends by itself. */}}
{{- define "gateway.graceSeconds" -}}
{{- add (int64 .Values.rollout.preStopSeconds) (int64 (include "gateway.drainSeconds" .)) 15 -}}
{{- end -}}

{{/* gateway.yaml. */}}
{{- define "gateway.config" -}}
{{- $ := . -}}
{{- $name := include "gateway.name" . -}}
{{- if and (not .Values.upstreams) (ne .Values.fallback "mock") -}}
{{- fail "upstreams is missing: [{ name: nim, uri: grpc://nim:50051 }] (or fallback: mock, for made-up words)" -}}
{{- end -}}
{{- $upstreams := list -}}
{{- $names := list -}}
{{- range .Values.upstreams -}}
{{- if has .name $names -}}
{{- fail (printf "upstreams: two have the name %s" .name) -}}
{{- end -}}
{{- if eq (empty .uri) (empty .target) -}}
{{- fail (printf "upstreams: %s: give either uri or target" .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- $upstreams = append $upstreams (dict "name" .name "uri" (default (printf "/config/%s.target.yaml" .name) .uri)) -}}
{{- end -}}
{{- $origins := list -}}
{{- range list "" ".svc" ".svc.cluster.local" -}}
{{- $origins = append $origins (printf "%s://%s.%s%s:%v" (include "gateway.scheme" $) $name $.Release.Namespace . $.Values.service.port) -}}
{{- end -}}
{{- $limits := merge (dict
  "sessions" .Values.sessions.perPod
  "longest" (printf "%ds" (int64 .Values.sessions.longestSeconds))
  "drain" (printf "%ss" (include "gateway.drainSeconds" .))) .Values.limits -}}
{{- $config := dict
  "host" .Values.listen
  "port" 9000
  "upstreams" $upstreams
  "fallback" .Values.fallback
  "allowedOrigins" (concat $origins .Values.allowedOrigins)
  "trustedProxies" .Values.trustedProxies
  "limits" $limits
  "log" (dict "level" .Values.logLevel) -}}
{{- if .Values.auth.existingSecret -}}
{{- $_ := set $config "apiKeysFile" "/secrets/auth/keys" -}}
{{- end -}}
{{- if .Values.tls.existingSecret -}}
{{- $tls := dict "cert" "/secrets/tls/tls.crt" "key" "/secrets/tls/tls.key" -}}
{{- if .Values.tls.clientCertificates -}}
{{- $_ := set $tls "clientCa" "/secrets/tls/ca.crt" -}}
{{- end -}}
{{- $_ := set $config "tls" $tls -}}
{{- else if .Values.tls.clientCertificates -}}
{{- fail "tls.clientCertificates: tls.existingSecret is missing" -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{/* Of `dict "root" $ "path" PATH`. The kubelet has no client certificate: where one is demanded, a program in the pod asks. */}}
{{- define "gateway.probe" -}}
{{- if .root.Values.tls.clientCertificates -}}
exec:
  command: [node, /app/deploy/healthcheck.mjs, "https://127.0.0.1:9000{{ .path }}"]
{{- else -}}
httpGet: { path: {{ .path }}, port: http, scheme: {{ include "gateway.scheme" .root | upper }} }
{{- end -}}
{{- end -}}
