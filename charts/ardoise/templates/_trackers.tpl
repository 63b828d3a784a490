{{/* What trackers.sources and trackers.mqtt say: ports, settings, what is mounted, and what cannot be. */}}

{{/* Ports of the sources, as files/architecture.yaml has ports. */}}
{{- define "ardoise.trackerPorts" -}}
{{- $ports := dict -}}
{{- range .Values.trackers.sources -}}
  {{- if .port -}}
    {{- $protocol := ternary "UDP" "TCP" (eq .transport "udp") -}}
    {{- $name := printf "%s-%d" (lower $protocol) (int .port) -}}
    {{- $_ := set $ports $name (dict "port" .port "protocol" $protocol "outside" (list "trackers")) -}}
  {{- end -}}
{{- end -}}
{{- $ports | toYaml -}}
{{- end }}

{{/* What the gateway's pod has of brokers' Secrets, by source: `directory`, `secret`, `keys`. */}}
{{- define "ardoise.brokerFiles" -}}
{{- $found := list -}}
{{- range $number, $one := .Values.trackers.sources -}}
  {{- if .secret -}}
    {{- $keys := concat (ternary (list "password") list (not (empty .user))) (ternary (list "ca.pem") list (eq .transport "mqtts")) -}}
    {{- $found = append $found (dict "directory" (printf "source-%d" $number) "secret" .secret "keys" $keys) -}}
  {{- end -}}
{{- end -}}
{{- with .Values.trackers.mqtt.phonesSecret -}}
  {{- $found = append $found (dict "directory" "phones" "secret" . "keys" (list "trackers")) -}}
{{- end -}}
{{- $found | toYaml -}}
{{- end }}

{{/* Name of the Secret with the certificate that phones are shown; empty: nats-server's own. */}}
{{- define "ardoise.phonesCertificate" -}}
{{- with .Values.trackers.mqtt -}}
{{ .tlsSecret | default (ternary (printf "%s-phones-certificate" $.Release.Name) "" (not (empty .issuer.name))) }}
{{- end -}}
{{- end }}

{{/* What nats-server is told of phones, as YAML. Argument: its port for them. */}}
{{- define "ardoise.phonesTold" -}}
ARDOISE_MQTT_LISTEN: {{ printf "0.0.0.0:%d" (int .mqtt.port) }}
ARDOISE_MQTT_PASSWORDS: /etc/ardoise/phones
{{- if include "ardoise.phonesCertificate" .root }}
ARDOISE_MQTT_CERTIFICATE: /etc/ardoise/phones-certificate
{{- end }}
{{- end }}

{{/* ARDOISE_SOURCES: decoder=transport://where?options, comma-separated. Arguments: root, model, name. */}}
{{- define "ardoise.sources" -}}
{{- $sources := list -}}
{{- range $number, $one := .root.Values.trackers.sources -}}
  {{- $where := .broker | default (printf "0.0.0.0:%d" (int .port)) -}}
  {{- $options := .options | default dict | deepCopy -}}
  {{- $directory := printf "/etc/ardoise/brokers/source-%d" $number -}}
  {{- with .name }}{{ $_ := set $options "name" . }}{{ end -}}
  {{- with .user -}}
    {{- $_ := set $options "user" . -}}
    {{- $_ := set $options "password_file" (printf "%s/password" $directory) -}}
  {{- end -}}
  {{- if eq .transport "mqtts" }}{{ $_ := set $options "ca_file" (printf "%s/ca.pem" $directory) }}{{ end -}}
  {{- $behind := list -}}
  {{- range $option, $value := $options -}}
    {{- $behind = append $behind (printf "%s=%s" $option (toString $value | urlquery)) -}}
  {{- end -}}
  {{- $query := ternary (printf "?%s" (join "&" $behind)) "" (not (empty $behind)) -}}
  {{- $sources = append $sources (printf "%s=%s://%s%s" .decoder .transport $where $query) -}}
{{- end -}}
{{- if .root.Values.trackers.mqtt.phonesSecret -}}
  {{- $where := include "ardoise.target" (merge (dict "port" "mqtt") .) -}}
  {{- $files := "password_file=/etc/ardoise/brokers/phones/trackers&ca_file=/etc/ardoise/identity/ca.pem" -}}
  {{- $sources = append $sources (printf "owntracks=mqtts://%s?name=owntracks-mqtt&user=trackers&%s" $where $files) -}}
{{- end -}}
{{- join "," $sources -}}
{{- end }}

{{- define "ardoise.checkTrackers" -}}
{{- $forms := include "ardoise.forms" . | fromYaml -}}
{{- $told := (.Files.Get "files/architecture.yaml" | fromYaml).containers.trackers -}}
{{- $taken := dict -}}
{{- range $what, $number := dict "TrackerService" $told.ports.trackers.port "health" $told.health.grpc "metrics" $told.metrics.port -}}
  {{- $_ := set $taken (printf "TCP %d" (int $number)) (printf "%s of the gateway itself" $what) -}}
{{- end -}}
{{- $called := ternary (dict "owntracks-mqtt" "trackers.mqtt") dict (not (empty .Values.trackers.mqtt.phonesSecret)) -}}
{{- range $number, $one := .Values.trackers.sources -}}
  {{- $where := printf "trackers.sources[%d]" $number -}}
  {{- if eq $.Values.site.kind "region" -}}
    {{- fail "trackers.sources: trackers are taken in at the truck, whose log is the race's: set them there" -}}
  {{- end -}}
  {{- include "ardoise.checkForm" (dict "form" $forms.decoder "where" (printf "%s.decoder" $where) "value" .decoder) -}}
  {{- $name := .name | default .decoder -}}
  {{- include "ardoise.checkForm" (dict "form" $forms.source "where" (printf "%s.name" $where) "value" $name) -}}
  {{- with get $called $name -}}
    {{- fail (printf "%s: %s is called %s already, and devices belong to one source: add name, as in %s-2" $where . $name $name) -}}
  {{- end -}}
  {{- $_ := set $called $name $where -}}
  {{- if eq .transport "serial" -}}
    {{- fail (printf "%s: serial is a receiver at a machine's own port, which a pod does not have: run `ardoise up` on that machine, or let it send by udp or tcp" $where) -}}
  {{- else if has .transport (list "mqtt" "mqtts") -}}
    {{- if not .broker -}}
      {{- fail (printf "%s: %s has no port of ours, the gateway calls a broker: name it in broker, as host:port" $where .transport) -}}
    {{- end -}}
    {{- if .port -}}
      {{- fail (printf "%s: %s has no port of ours, the gateway calls a broker: take port out, broker has the broker's" $where .transport) -}}
    {{- end -}}
    {{- include "ardoise.checkForm" (dict "form" $forms.broker "where" (printf "%s.broker" $where) "value" .broker) -}}
    {{- include "ardoise.checkForm" (dict "form" $forms.secret "where" (printf "%s.secret" $where) "value" (.secret | default "")) -}}
    {{- if and (eq .transport "mqtts") (not .secret) -}}
      {{- fail (printf "%s: mqtts takes the CA of the broker's certificate, and the image trusts none by itself: put it into a Secret under the key ca.pem, and name that in secret" $where) -}}
    {{- else if and .user (not .secret) -}}
      {{- fail (printf "%s: user has a password: put it into a Secret under the key password, and name that in secret" $where) -}}
    {{- else if and .secret (eq .transport "mqtt") (not .user) -}}
      {{- fail (printf "%s: secret has the password of a user, and none is named: add user, or take secret out" $where) -}}
    {{- end -}}
    {{- if and $.Values.networkPolicy.enabled (not (or $.Values.networkPolicy.egress.trackers $.Values.networkPolicy.egress.all)) -}}
      {{- fail (printf "%s: no NetworkPolicy lets the gateway out to a broker: add its address to networkPolicy.egress.trackers, as in [{to: [{ipBlock: {cidr: 203.0.113.7/32}}], ports: [{port: 8883}]}]" $where) -}}
    {{- end -}}
  {{- else -}}
    {{- if or .broker .user .secret -}}
      {{- fail (printf "%s: broker, user and secret are of mqtt and mqtts, and its transport is %s: take them out, or set transport" $where .transport) -}}
    {{- end -}}
    {{- if not .port -}}
      {{- fail (printf "%s: %s needs a port: add one from 1024 to 65535" $where .transport) -}}
    {{- end -}}
    {{- $protocol := ternary "UDP" "TCP" (eq .transport "udp") -}}
    {{- $key := printf "%s %d" $protocol (int .port) -}}
    {{- with get $taken $key -}}
      {{- fail (printf "%s: port %d of %s is %s: give each source a port of its own" $where (int $one.port) $protocol .) -}}
    {{- end -}}
    {{- $_ := set $taken $key (printf "taken by %s" $where) -}}
  {{- end -}}
  {{- range $option, $value := .options -}}
    {{- if eq $option "name" -}}
      {{- fail (printf "%s.options: name is the source's, beside decoder: write it there" $where) -}}
    {{- else if has $option (list "user" "password" "password_file" "ca_file") -}}
      {{- fail (printf "%s.options: %s follows from user and secret, a Secret with the keys password and, for mqtts, ca.pem: take it out" $where $option) -}}
    {{- end -}}
    {{- include "ardoise.checkForm" (dict "form" $forms.option "where" (printf "%s.options: %s" $where $option) "value" $option) -}}
  {{- end -}}
{{- end -}}
{{- include "ardoise.checkPhones" . -}}
{{- end }}

{{- define "ardoise.checkPhones" -}}
{{- with .Values.trackers.mqtt -}}
  {{- if not .phonesSecret -}}
    {{- if or .host .tlsSecret .issuer.name -}}
      {{- fail "trackers.mqtt: nobody comes by MQTT while phonesSecret is empty: name a Secret there, with a password for each phone, or take the rest out" -}}
    {{- end -}}
  {{- else if eq $.Values.site.kind "region" -}}
    {{- fail "trackers.mqtt: phones are taken in at the truck, whose log is the race's: set it there" -}}
  {{- else if $.Values.nats.url -}}
    {{- fail "trackers.mqtt: nats.url is of an external nats-server, which takes phones in as it is told itself: take phonesSecret out, and name it in trackers.sources as a broker of mqtts" -}}
  {{- else if and .tlsSecret .issuer.name -}}
    {{- fail "trackers.mqtt: a certificate is given and cert-manager is to make one: leave tlsSecret or issuer.name empty" -}}
  {{- else if eq .phonesSecret (include "ardoise.phonesCertificate" $) -}}
    {{- fail (printf "trackers.mqtt: the Secret %s would hold passwords and certificate: each key of phonesSecret is a phone, name another one" .phonesSecret) -}}
  {{- else if and .issuer.name (not .host) -}}
    {{- fail "trackers.mqtt: cert-manager makes a certificate for a name, and there is none: set host to the name that phones call" -}}
  {{- end -}}
{{- end -}}
{{- end }}
