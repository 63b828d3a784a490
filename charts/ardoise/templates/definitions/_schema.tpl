{{/* What the definitions of our kinds have in common. */}}

{{/* Whether this release brings them: yes or nothing. */}}
{{- define "ardoise.defines" -}}
{{- $sites := .Values.definitions.sites -}}
{{- if ternary (eq .Values.site.kind "region") (has .Values.site.name ($sites | default list)) (kindIs "invalid" $sites) -}}
yes
{{- end -}}
{{- end }}

{{/*
A definition up to its spec. Kept when the release goes: with it every object of its kind would go, and with a
Replication the record of what was switched and what was lost. Arguments: root, plural.
*/}}
{{- define "ardoise.definition" -}}
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: {{ .plural }}.ardoise.dev
  labels:
    {{- include "ardoise.labels" (dict "root" .root "of" "definitions") | nindent 4 }}
  annotations:
    helm.sh/resource-policy: keep
{{- end }}

{{/*
A whole number from 0, or the word for what nobody knows. The argument describes it. In a list a rule of its own, which
would say so in words, costs too much: a server takes such a value for one of 3 MB.
*/}}
{{- define "ardoise.numberOrUnknown" -}}
description: {{ . | quote }}
x-kubernetes-int-or-string: true
minimum: 0
pattern: ^Unknown$
{{- end }}

{{/* Yes, no, or nobody can tell. The argument describes it. */}}
{{- define "ardoise.truth" -}}
description: {{ . | quote }}
type: string
enum: ["True", "False", "Unknown"]
{{- end }}

{{/* The argument describes it. */}}
{{- define "ardoise.instant" -}}
description: {{ . | quote }}
type: string
format: date-time
{{- end }}

{{/* A text of a value's form (_forms.tpl), which no pattern of the schema says in words. Arguments: form, most, of (words for it). */}}
{{- define "ardoise.formed" -}}
description: {{ .of | quote }}
type: string
maxLength: {{ .most }}
x-kubernetes-validations:
  - rule: {{ printf "self.matches(r'^(%s)$')" .form.pattern | quote }}
    message: {{ printf "write %s" .form.write | quote }}
{{- end }}

{{/* host:port. The argument describes it. */}}
{{- define "ardoise.endpoint" -}}
{{- $form := (include "ardoise.forms" . | fromYaml).address -}}
{{- include "ardoise.formed" (dict "form" $form "most" 261 "of" (printf "%s As host:port, as every other site reaches it." .)) -}}
{{- end }}

{{/* The name of a Site, or of an object that bears one. The argument describes it. */}}
{{- define "ardoise.siteName" -}}
description: {{ . | quote }}
type: string
minLength: 1
maxLength: 32
{{- end }}

{{/* A reference by name to an object of the same namespace. The argument describes it. */}}
{{- define "ardoise.reference" -}}
description: {{ . | quote }}
type: object
required: [name]
properties:
  name:
    description: Name of the object, in the same namespace.
    type: string
    minLength: 1
    maxLength: 253
{{- end }}

{{/* A caller's name for a wish, as the RPCs of sites.proto have it. The argument describes it. */}}
{{- define "ardoise.requestId" -}}
{{- $form := dict "pattern" "[A-Za-z0-9-]+" "write" "1 to 64 letters, digits and hyphens, as in 2026-07-07-london-1" -}}
{{- include "ardoise.formed" (dict "form" $form "most" 64 "of" .) -}}
{{- end }}

{{/* Generation and instant of a status. The argument says who looked. */}}
{{- define "ardoise.observed" -}}
observedGeneration:
  description: The generation of the spec that this status answers to.
  type: integer
  format: int64
  minimum: 0
observedAt:
  {{- include "ardoise.instant" . | nindent 2 }}
{{- end }}

{{/* Conditions. The argument maps the types that there are to what each means where it is True. */}}
{{- define "ardoise.conditions" -}}
{{- $meanings := list -}}
{{- range $type, $meaning := . }}{{ $meanings = append $meanings (printf "%s: %s" $type $meaning) }}{{ end -}}
description: {{ printf "What holds and what does not. Where it is True, %s." (join "; " $meanings) | quote }}
type: array
maxItems: {{ len . }}
x-kubernetes-list-type: map
x-kubernetes-list-map-keys: [type]
items:
  description: One condition, in the words that `ardoise sites status` has.
  type: object
  required: [type, status, reason, message, lastTransitionTime]
  properties:
    type:
      description: Which.
      type: string
      enum: {{ keys . | sortAlpha | toJson }}
    status:
      {{- include "ardoise.truth" "Whether it is so; Unknown where nobody who was asked can tell." | nindent 6 }}
    reason:
      description: Why, in one word for machines.
      type: string
      minLength: 1
      maxLength: 64
      pattern: ^[A-Z][A-Za-z]*$
    message:
      description: Why, for people, and what to do about it; empty where there is nothing to say.
      type: string
      maxLength: 4096
    lastTransitionTime:
      {{- include "ardoise.instant" "Since when it has this status." | nindent 6 }}
    observedGeneration:
      description: The generation of the spec that it was told of.
      type: integer
      format: int64
      minimum: 0
{{- end }}

{{/* Messages of one log that nobody holds any more. The argument describes the list. */}}
{{- define "ardoise.lostMessages" -}}
description: {{ . | quote }}
type: array
maxItems: 32
x-kubernetes-list-type: atomic
items:
  description: Messages of one log, from first to last, both included.
  type: object
  required: [epoch, firstSequence, lastSequence]
  properties:
    epoch:
      description: The log, named by its first instant in milliseconds since 1970.
      type: integer
      format: int64
      minimum: 0
    firstSequence:
      description: First sequence that is lost.
      type: integer
      format: int64
      minimum: 0
    lastSequence:
      description: Last sequence that is lost.
      type: integer
      format: int64
      minimum: 0
{{- end }}
