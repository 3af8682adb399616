{{/* Names are the release's own: <release>-workers-999 must fit into a host name, and a Service's begins with a letter. */}}
{{- define "bench.name" -}}
{{- if or (gt (len .Release.Name) 48) (not (regexMatch "^[a-z][a-z0-9-]*$" .Release.Name)) -}}
{{- fail (printf "release %s: the name must begin with a letter, hold letters, digits and dashes, and have 48 characters at most" .Release.Name) -}}
{{- end -}}
{{- .Release.Name -}}
{{- end -}}

{{- define "bench.runId" -}}
{{- default (include "bench.name" .) .Values.run.id -}}
{{- end -}}

{{/* Of `dict "root" $ "component" NAME`. */}}
{{- define "bench.selector" -}}
app.kubernetes.io/name: riva-bench
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "bench.labels" -}}
{{ include "bench.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* Metadata of a pod: nothing moves it, and no sidecar keeps its Job open. */}}
{{- define "bench.podMetadata" -}}
labels:
  {{- include "bench.labels" . | nindent 2 }}
  sidecar.istio.io/inject: "false"
  {{- with .root.Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  cluster-autoscaler.kubernetes.io/safe-to-evict: "false"
  karpenter.sh/do-not-disrupt: "true"
  sidecar.istio.io/inject: "false"
  linkerd.io/inject: disabled
  riva-bench/run: {{ include "bench.runId" .root | quote }}
  {{- with .root.Values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* What all pods have in common. */}}
{{- define "bench.podSpec" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* Of the part of the values that places a pod. */}}
{{- define "bench.placement" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "bench.imageName" -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag }}
{{- end -}}
{{- end -}}

{{/* Image and rights of a container of ours. */}}
{{- define "bench.container" -}}
{{- $image := .Values.image -}}
image: {{ include "bench.imageName" (dict "repository" $image.repository "tag" (default .Chart.AppVersion $image.tag) "digest" $image.digest) | quote }}
imagePullPolicy: {{ $image.pullPolicy }}
{{ include "bench.rights" . }}
{{- end -}}

{{- define "bench.rights" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end -}}

{{- define "bench.natsUrl" -}}
{{- default (printf "nats://%s-nats:4222" (include "bench.name" .)) .Values.nats.url -}}
{{- end -}}

{{/* Name of the Secret with the broker's credentials. */}}
{{- define "bench.natsSecret" -}}
{{- $auth := .Values.nats.auth -}}
{{- if and .Values.nats.url (ne $auth.kind "none") (not $auth.existingSecret) -}}
{{- fail "nats.url: nats.auth.existingSecret is missing (or nats.auth.kind: none, for a server that is open to all)" -}}
{{- end -}}
{{- if and (not .Values.nats.url) (ne $auth.kind "token") -}}
{{- fail "nats.auth.kind: the broker of this release takes a token; the other kinds are for nats.url" -}}
{{- end -}}
{{- if and (not .Values.nats.url) .Values.nats.tls.existingSecret -}}
{{- fail "nats.tls: the broker of this release is not encrypted; TLS is for nats.url" -}}
{{- end -}}
{{- default (printf "%s-nats" (include "bench.name" .)) $auth.existingSecret -}}
{{- end -}}

{{- define "bench.target" -}}
{{- $target := .Values.target -}}
{{- if and $target.name $target.file -}}
{{- fail "target: give name or file, not both" -}}
{{- end -}}
{{- if $target.file -}}
/config/target.yaml
{{- else if $target.name -}}
{{ $target.name }}
{{- else if .Values.emulator.enabled -}}
grpc://{{ include "bench.name" . }}-emulator:50051
{{- else -}}
{{- fail "target.name is missing: a target of the image or grpc://host:port (or target.file, or emulator.enabled)" -}}
{{- end -}}
{{- end -}}

{{/* Variables of coordinator and workers: the broker's credentials and the target's settings. */}}
{{- define "bench.env" -}}
env:
  - { name: HOME, value: /scratch }
  - { name: TMPDIR, value: /scratch }
  - { name: XDG_CACHE_HOME, value: /scratch/cache }
  {{- $kind := .Values.nats.auth.kind }}
  {{- $secret := include "bench.natsSecret" . }}
  {{- if eq $kind "token" }}
  - name: NATS_TOKEN
    valueFrom: { secretKeyRef: { name: {{ $secret }}, key: token } }
  {{- else if eq $kind "user" }}
  - name: NATS_USER
    valueFrom: { secretKeyRef: { name: {{ $secret }}, key: user } }
  - name: NATS_PASSWORD
    valueFrom: { secretKeyRef: { name: {{ $secret }}, key: password } }
  {{- else if ne $kind "none" }}
  - { name: {{ eq $kind "creds" | ternary "NATS_CREDS" "NATS_NKEY" }}, value: /secrets/nats/{{ $kind }} }
  {{- end }}
  {{- if .Values.nats.tls.existingSecret }}
  - { name: NATS_CA, value: /secrets/nats-tls/ca.crt }
  {{- if .Values.nats.tls.clientCertificate }}
  - { name: NATS_CERT, value: /secrets/nats-tls/tls.crt }
  - { name: NATS_KEY, value: /secrets/nats-tls/tls.key }
  {{- end }}
  {{- end }}
  {{- range $name, $value := .Values.target.env }}
  - { name: {{ $name }}, value: {{ $value | quote }} }
  {{- end }}
{{- with .Values.target.existingSecret }}
envFrom:
  - secretRef: { name: {{ . }} }
{{- end }}
{{- end -}}

{{- define "bench.hasConfig" -}}
{{- if or .Values.scenario.file .Values.target.file -}}yes{{- end -}}
{{- end -}}

{{- define "bench.mounts" -}}
- { name: scratch, mountPath: /scratch }
{{- if include "bench.hasConfig" . }}
- { name: config, mountPath: /config, readOnly: true }
{{- end }}
{{- if .Values.target.existingFilesSecret }}
- { name: target-files, mountPath: /secrets/target, readOnly: true }
{{- end }}
{{- if has .Values.nats.auth.kind (list "creds" "nkey") }}
- { name: nats-credentials, mountPath: /secrets/nats, readOnly: true }
{{- end }}
{{- if .Values.nats.tls.existingSecret }}
- { name: nats-tls, mountPath: /secrets/nats-tls, readOnly: true }
{{- end }}
{{- end -}}

{{- define "bench.volumes" -}}
{{- if include "bench.hasConfig" . }}
- name: config
  configMap: { name: {{ include "bench.name" . }}-config }
{{- end }}
{{- with .Values.target.existingFilesSecret }}
- name: target-files
  secret: { secretName: {{ . }}, defaultMode: 0440 }
{{- end }}
{{- if has .Values.nats.auth.kind (list "creds" "nkey") }}
- name: nats-credentials
  secret: { secretName: {{ include "bench.natsSecret" . }}, defaultMode: 0440 }
{{- end }}
{{- with .Values.nats.tls.existingSecret }}
- name: nats-tls
  secret: { secretName: {{ . }}, defaultMode: 0440 }
{{- end }}
{{- end -}}

{{/* A broker that is still being pulled is no reason to fail: Jobs of a run are never tried again. */}}
{{- define "bench.waitContainer" -}}
- name: wait
  {{- include "bench.container" . | nindent 2 }}
  command: [node, /app/deploy/wait-for.mjs]
  args:
    - {{ .Values.run.joinTimeoutSeconds | int64 | quote }}
    - {{ include "bench.natsUrl" . | quote }}
    {{- if .Values.emulator.enabled }}
    - {{ printf "grpc://%s-emulator:50051" (include "bench.name" .) | quote }}
    {{- end }}
  resources:
    requests: { cpu: 50m, memory: 64Mi }
    limits: { memory: 128Mi }
{{- end -}}
