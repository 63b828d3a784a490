{{/*
This site out of files/architecture.yaml, as YAML: what is told by the kind of site and by the values is decided here,
once, and every other template goes over it.

  containers   by name: as in the file, and `pod`, `image`, `held` (its identities here)
  pods         by name: names of its containers
  ports        by name: `container`, `pod`, `service`, `port`, `protocol`, `outside`
  services     by name: `pod`, `ports` (their names), `exposed`: called from other sites, by relays, by trackers, or as
               the values say
  jobs         by name
*/}}
{{- define "ardoise.model" -}}
{{- $file := .Files.Get "files/architecture.yaml" | fromYaml -}}
{{- $kind := .Values.site.kind -}}
{{- $left := include "ardoise.leftOut" . | fromYamlArray -}}
{{- $containers := dict -}}
{{- $pods := dict -}}
{{- $ports := dict -}}
{{- $services := dict -}}
{{- range $name, $one := $file.containers -}}
  {{- if and (has $kind $one.at) (not (has $name $left)) -}}
    {{- $pod := $one.pod | default (ternary "services" $name (eq (include "ardoise.together" $) "yes")) -}}
    {{- $image := $one.image | default (ternary "edge" "full" (eq $kind "edge")) -}}
    {{- $held := get ($one.identities | default dict) $kind | default list -}}
    {{- $elsewhere := get ($one.callsElsewhere | default dict) $kind | default list -}}
    {{- $served := dict -}}
    {{- $own := $one.ports -}}
    {{- if eq $name "trackers" }}{{ $own = merge (include "ardoise.trackerPorts" $ | fromYaml) $own }}{{ end -}}
    {{- if not $.Values.trackers.mqtt.phonesSecret }}{{ $own = omit $own "mqtt" }}{{ end -}}
    {{- range $port, $told := $own -}}
      {{- if has $kind ($told.at | default (list $kind)) -}}
        {{- $service := $told.service | default (ternary $pod $name (has $pod (list "data-plane" "nats"))) -}}
        {{- $protocol := $told.protocol | default "TCP" -}}
        {{- $_ := set $served $port (dict "port" $told.port "protocol" $protocol) -}}
        {{- $_ := set $ports $port (merge (dict "container" $name "pod" $pod "service" $service "protocol" $protocol) $told) -}}
        {{- $before := get $services $service | default (dict "ports" list "exposed" (has $service $.Values.expose.also)) -}}
        {{- $exposed := or $before.exposed (has "sites" $told.outside) (has "relays" $told.outside) (has "trackers" $told.outside) -}}
        {{- $_ := set $services $service (dict "pod" $pod "ports" (append $before.ports $port) "exposed" $exposed) -}}
      {{- end -}}
    {{- end -}}
    {{- $here := dict "pod" $pod "image" $image "args" ($one.args | default (list $name)) "held" $held "ports" $served "callsElsewhere" $elsewhere -}}
    {{- $_ := set $containers $name (merge $here (omit $one "at" "args" "identities" "ports" "callsElsewhere")) -}}
    {{- $_ := set $pods $pod (append (get $pods $pod | default list) $name) -}}
  {{- end -}}
{{- end -}}
{{- $jobs := dict -}}
{{- range $name, $one := $file.jobs -}}
  {{- if and (has $kind $one.at) (not (has $name $left)) -}}
    {{- $image := $one.image | default (ternary "edge" "full" (eq $kind "edge")) -}}
    {{- $elsewhere := get ($one.callsElsewhere | default dict) $kind | default list -}}
    {{- $_ := set $jobs $name (merge (dict "image" $image "callsElsewhere" $elsewhere) (omit $one "callsElsewhere")) -}}
  {{- end -}}
{{- end -}}
{{- dict "containers" $containers "pods" $pods "ports" $ports "services" $services "jobs" $jobs | toYaml -}}
{{- end }}

{{/* Whether this release has an operator: yes or nothing. */}}
{{- define "ardoise.operates" -}}
{{- $said := .Values.operator.enabled -}}
{{- if ternary (include "ardoise.defines" .) (ternary "yes" "" (default false $said)) (kindIs "invalid" $said) -}}
yes
{{- end -}}
{{- end }}

{{/* Containers and jobs that external servers stand in for, or that a value leaves out. */}}
{{- define "ardoise.leftOut" -}}
{{- $left := list -}}
{{- if .Values.nats.url -}}{{- $left = append $left "nats" -}}{{- end -}}
{{- if .Values.database.urlSecret -}}{{- $left = concat $left (list "etcd" "etcd-stand-in" "patroni") -}}{{- end -}}
{{- if not (include "ardoise.operates" .) -}}{{- $left = append $left "operator" -}}{{- end -}}
{{- if not (or .Values.trackers.sources .Values.trackers.mqtt.phonesSecret) -}}{{- $left = append $left "trackers" -}}{{- end -}}
{{- if not .Values.drills.enabled -}}{{- $left = append $left "drill" -}}{{- end -}}
{{- $left | toYaml -}}
{{- end }}

{{- define "ardoise.together" -}}
{{- $said := .Values.services.together -}}
{{- if kindIs "invalid" $said -}}
{{- ternary "yes" "no" (eq .Values.site.kind "edge") -}}
{{- else -}}
{{- ternary "yes" "no" $said -}}
{{- end -}}
{{- end }}

{{/* Workloads that a drill may take away, as statefulsets/<name>: all but the operator, which mends what a drill leaves. */}}
{{- define "ardoise.drilled" -}}
{{- $found := list -}}
{{- range $pod, $_ := omit .model.pods "operator" -}}
  {{- $kind := ternary "statefulsets" "deployments" (has $pod (list "data-plane" "nats")) -}}
  {{- $found = append $found (printf "%s/%s" $kind (include "ardoise.name" (dict "root" $.root "of" $pod))) -}}
{{- end -}}
{{- $found | toYaml -}}
{{- end }}

{{/* Not empty where one of a pod's containers is marked so. Arguments: model, containers (names), mark. */}}
{{- define "ardoise.any" -}}
{{- range .containers -}}
  {{- if get (get $.model.containers .) $.mark -}}yes{{- end -}}
{{- end -}}
{{- end }}

{{/* The sites of the values that are regions, this one first. */}}
{{- define "ardoise.regions" -}}
{{- $here := list -}}
{{- $others := list -}}
{{- range .Values.sites -}}
  {{- if eq .kind "region" -}}
    {{- if eq .name $.Values.site.name -}}{{- $here = append $here . -}}{{- else -}}{{- $others = append $others . -}}{{- end -}}
  {{- end -}}
{{- end -}}
{{- concat $here $others | toYaml -}}
{{- end }}
