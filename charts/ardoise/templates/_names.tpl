{{/* Names, labels, images. */}}

{{- define "ardoise.name" -}}
{{ .root.Release.Name }}-{{ .of }}
{{- end }}

{{- define "ardoise.selector" -}}
app.kubernetes.io/name: ardoise
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .of }}
{{- end }}

{{- define "ardoise.labels" -}}
{{ include "ardoise.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: ardoise-{{ .root.Chart.Version }}
ardoise.dev/site: {{ .root.Values.site.name }}
{{- end }}

{{/* name, namespace and labels of an object. */}}
{{- define "ardoise.metadata" -}}
name: {{ include "ardoise.name" . }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "ardoise.labels" . | nindent 2 }}
{{- end }}

{{- define "ardoise.image" -}}
{{- $values := .root.Values.images -}}
{{ $values.registry }}/ardoise/{{ .of }}:{{ $values.tag | default .root.Chart.AppVersion }}
{{- end }}

{{/* The third-party API that a value says `auto`, `yes` or `no` of: empty where its objects are not to be made. */}}
{{- define "ardoise.prometheusOperator" -}}
{{- $said := .Values.monitoring.operator | toString -}}
{{- /* YAML reads a bare yes as true. */ -}}
{{- if or (has $said (list "yes" "true")) (and (eq $said "auto") (.Capabilities.APIVersions.Has "monitoring.coreos.com/v1")) -}}
yes
{{- end -}}
{{- end }}
