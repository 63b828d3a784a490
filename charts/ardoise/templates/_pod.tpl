{{/* What every pod has in common. */}}

{{/* Arguments: root, pod; topology where it reads sites.yaml; token where it asks the API server. */}}
{{- define "ardoise.podMetadata" -}}
labels:
  # Without the chart's version: what has not changed is not started anew.
  {{- include "ardoise.selector" (dict "root" .root "of" .pod) | nindent 2 }}
  ardoise.dev/site: {{ .root.Values.site.name }}
  {{- with .root.Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  {{- if .topology }}
  # Read when a process starts.
  ardoise.dev/sites: {{ .root.Values.sites | toJson | sha256sum }}
  {{- end }}
  prometheus.io/scrape: "true"
  {{- with .root.Values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "ardoise.podSpec" -}}
serviceAccountName: {{ include "ardoise.name" (dict "root" .root "of" .pod) }}
automountServiceAccountToken: {{ not (empty .token) }}
# Kubernetes would tell of its Services in ARDOISE_* variables, which are our settings' names.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  # Not each time: PostgreSQL refuses a directory that its group may write to.
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .root.Values.images.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Certificates, the file of all sites, a place for what is temporary; `state` is the caller's. Arguments: root, model,
containers (names), topology. */}}
{{- define "ardoise.volumes" -}}
- name: tmp
  emptyDir: {}
{{- if .topology }}
- name: sites
  configMap:
    name: {{ include "ardoise.name" (dict "root" .root "of" "sites") }}
{{- end }}
{{- range $name := .containers }}
{{- $one := get $.model.containers $name }}
{{- if not $one.apiServer }}
{{ include "ardoise.identityVolume" (dict "root" $.root "name" $name "held" $one.held "dataPlane" $one.dataPlane "tokens" $one.tokens) }}
{{- end }}
{{- if eq $name "patroni" }}
- name: shared-memory
  emptyDir: {medium: Memory, sizeLimit: 256Mi}
{{- end }}
{{- if ($one.ports | default dict).mqtt }}
- name: phones
  projected:
    defaultMode: 0440
    sources:
      # All of its keys: each is a phone.
      - secret:
          name: {{ $.root.Values.trackers.mqtt.phonesSecret }}
{{- with include "ardoise.phonesCertificate" $.root }}
- name: phones-certificate
  projected:
    defaultMode: 0440
    sources:
      - secret:
          name: {{ . }}
          items:
            - {key: tls.crt, path: tls.crt}
            - {key: tls.key, path: tls.key}
{{- end }}
{{- end }}
{{- if eq $name "trackers" }}
{{- with include "ardoise.brokerFiles" $.root | fromYamlArray }}
- name: brokers
  projected:
    defaultMode: 0440
    sources:
      {{- range $one := . }}
      - secret:
          name: {{ .secret }}
          items:
            {{- range .keys }}
            - {key: {{ . }}, path: {{ $one.directory }}/{{ . }}}
            {{- end }}
      {{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Only the files of what the container holds. Arguments: root, name, held, dataPlane, tokens. */}}
{{- define "ardoise.identityVolume" -}}
- name: identity-{{ .name }}
  projected:
    # Its owner is root, and the pod's group may read.
    defaultMode: 0440
    sources:
      {{- $values := .root.Values }}
      {{- $manager := $values.identity.certManager.enabled }}
      {{- range $folder, $names := dict "" (.held | default list) "data-plane/" (.dataPlane | default list) }}
      {{- if and $names (not $manager) }}
      - secret:
          name: {{ ternary $values.identity.secret $values.identity.dataPlaneSecret (eq $folder "") }}
          items:
            - {key: ca.pem, path: {{ $folder }}ca.pem}
            {{- range $names }}
            - {key: {{ . }}.pem, path: {{ $folder }}{{ . }}.pem}
            - {key: {{ . }}.key, path: {{ $folder }}{{ . }}.key}
            {{- end }}
      {{- else }}
      {{- range $number, $holder := $names }}
      - secret:
          name: {{ include "ardoise.certificate" (dict "root" $.root "folder" $folder "holder" $holder) }}
          items:
            {{- if eq $number 0 }}
            - {key: ca.crt, path: {{ $folder }}ca.pem}
            {{- end }}
            - {key: tls.crt, path: {{ $folder }}{{ $holder }}.pem}
            - {key: tls.key, path: {{ $folder }}{{ $holder }}.key}
      {{- end }}
      {{- end }}
      {{- end }}
      {{- if .tokens }}
      - secret:
          name: {{ $values.operators.tokensSecret }}
          items:
            - {key: race-operations, path: tokens/race-operations}
            - {key: security, path: tokens/security}
      {{- end }}
{{- end }}

{{/* Name of the Secret that cert-manager writes. */}}
{{- define "ardoise.certificate" -}}
{{ .root.Release.Name }}-{{ ternary "identity" "data-plane-identity" (eq .folder "") }}-{{ .holder }}
{{- end }}
