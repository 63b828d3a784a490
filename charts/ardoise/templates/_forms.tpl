{{/*
Values that have a form of their own. Of a pattern in the schema Helm would say that it does not match, which nobody reads:
here each says what to write. Nothing is of no form; a list or a map has it in each of its entries.

  pattern   the whole of a value
  write     what a person reads after "write"
  secret    what stands there is not repeated: it may be what is to be kept secret
  of        the values; others are checked where they are gone over (checks.yaml)
*/}}
{{- define "ardoise.forms" -}}
{{- $octet := "(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])" -}}
{{- $ipv4 := printf `%s(\.%s){3}` $octet $octet -}}
{{- $ipv6 := `[0-9a-fA-F:.]*:[0-9a-fA-F:.]*` -}}
{{- $label := "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?" -}}
{{- /* A last part of digits alone would be an address that went wrong. */ -}}
{{- $host := printf `(%s\.)*[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?` $label -}}
{{- $port := "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])" -}}
{{- $hostPort := printf `(%s|%s|\[%s\]):%s` $ipv4 $host $ipv6 $port -}}
{{- $name := "[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?" -}}
{{- $ofName := "small letters, digits, dashes and dots" -}}
{{- $field := list -}}
{{- range list "[0-5]?[0-9]" "[01]?[0-9]|2[0-3]" "0?[1-9]|[12][0-9]|3[01]" "0?[1-9]|1[0-2]|[A-Za-z]{3}" "[0-6]|[A-Za-z]{3}" -}}
  {{- $part := printf `(\*|(%s)(-(%s))?)(/[1-9][0-9]*)?` . . -}}
  {{- $field = append $field (printf "%s(,%s)*" $part $part) -}}
{{- end -}}
address:
  pattern: {{ $hostPort | quote }}
  write: host:port, as in truck.example.org:4222, with a port up to 65535
  of: [roundTrip.ingest, drills.reach]
natsUrl:
  pattern: {{ printf "tls://%s" $hostPort | quote }}
  write: tls://host:port; services speak to it with their certificates
  of: [nats.url]
broker:
  pattern: {{ $hostPort | quote }}
  write: host:port, as in broker.example.org:8883; who logs in stands in user, the password in the Secret that secret names
  # A password may be in there.
  secret: true
  of: []
decoder:
  pattern: "[a-z0-9]{1,16}"
  write: a decoder's name, 1 to 16 small letters and digits, as in osmand
  of: []
source:
  pattern: "[a-z0-9][a-z0-9-]{0,31}"
  write: a source's name, 1 to 32 small letters, digits and dashes, as in owntracks-mqtt
  of: []
option:
  pattern: "[a-z][a-z0-9_]{0,31}"
  write: an option's name in small letters, as in device
  of: []
host:
  pattern: {{ $host | replace "A-Za-z" "a-z" | quote }}
  write: a host name alone, in small letters, as in race.example.org, without https://, port or path
  of: [mediawall.ingress.host, trackers.mqtt.host]
range:
  pattern: {{ printf "%s/([12]?[0-9]|3[0-2])|%s/(1[01][0-9]|12[0-8]|[1-9]?[0-9])" $ipv4 $ipv6 | quote }}
  write: a range of addresses, as in 203.0.113.0/24; a single address ends in /32
  of:
    - networkPolicy.sites
    - networkPolicy.relays
    - networkPolicy.trackers
    - networkPolicy.operators
    - networkPolicy.apiServer
    - expose.sourceRanges
bytes:
  pattern: {{ `[1-9][0-9]*(\.[0-9]+)?(k|M|G|T|Ki|Mi|Gi|Ti)` | quote }}
  write: an amount with its unit, as in 512Mi or 64Gi
  of: [persistence.sizes]
cpu:
  pattern: {{ `[1-9][0-9]*m?|[0-9]+\.[0-9]+` | quote }}
  write: CPUs, as in 2 or 0.5, or thousandths of one, as in 500m
  of: []
hours:
  pattern: "[1-9][0-9]*h"
  write: hours, as in 2160h
  of: [identity.certManager.duration, identity.certManager.renewBefore]
fiveFields:
  pattern: {{ join " +" $field | quote }}
  write: five fields, minute, hour, day, month and weekday, as in 30 3 * * 2
  of: []
cron:
  pattern: {{ printf "@(hourly|daily|midnight|weekly|monthly)|%s" (join " +" $field) | quote }}
  write: five fields, minute, hour, day, month and weekday, as in 15 2 * * *, or @daily; in UTC
  of: [backup.schedule]
backup:
  pattern: "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}-[0-9]{2}-[0-9]{2}Z"
  write: a backup's name, as in 2026-07-07T02-15-00Z
  of: [restore.backup]
registry:
  pattern: {{ printf `(%s|%s)(:%s)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*` $ipv4 $host $port | quote }}
  write: a host, with port and path if need be, as in registry.example.org:5000/race, without https:// and without / at the end
  of: [images.registry]
tag:
  pattern: "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
  write: a tag alone, as in 0.1.0
  of: [images.tag]
label:
  pattern: "[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
  write: up to 63 letters, digits, dashes, dots and underscores
  of: [podLabels, nodeSelector, monitoring.labels, monitoring.dashboard.labels]
secret:
  pattern: {{ $name | quote }}
  write: {{ printf "the name of a Secret, in %s; what is in it does not stand in the values" $ofName | quote }}
  secret: true
  of:
    - identity.secret
    - identity.dataPlaneSecret
    - operators.tokensSecret
    - operator.secrets
    - services.settingsSecret
    - database.urlSecret
    - mediawall.ingress.tlsSecret
    - trackers.mqtt.phonesSecret
    - trackers.mqtt.tlsSecret
    - monitoring.secret
    - images.pullSecrets
name:
  pattern: {{ $name | quote }}
  write: {{ printf "the name of an object of the cluster, in %s" $ofName | quote }}
  of:
    - identity.certManager.issuer.name
    - identity.certManager.dataPlaneIssuer.name
    - trackers.mqtt.issuer.name
    - mediawall.ingress.className
    - persistence.storageClass
    - backup.claim
    - networkPolicy.siteNamespaces
    - priorityClassName
{{- end }}

{{/* Fails where a value is not of a form. Arguments: form, where (words for the value), value. */}}
{{- define "ardoise.checkForm" -}}
{{- if kindIs "map" .value -}}
  {{- range $key, $value := .value -}}
    {{- include "ardoise.checkForm" (dict "form" $.form "where" (printf "%s.%s" $.where $key) "value" $value) -}}
  {{- end -}}
{{- else if kindIs "slice" .value -}}
  {{- range .value -}}
    {{- include "ardoise.checkForm" (dict "form" $.form "where" $.where "value" .) -}}
  {{- end -}}
{{- else if not (regexMatch (printf "^(%s)?$" .form.pattern) (toString .value)) -}}
  {{- fail (printf "%s%s: write %s" .where (ternary "" (printf " is %v" .value) (default false .form.secret)) .form.write) -}}
{{- end -}}
{{- end }}

{{/* An amount of CPU or bytes as a plain number. */}}
{{- define "ardoise.amount" -}}
{{- $factors := dict "" 1 "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $unit := regexFind "[A-Za-z]*$" (toString .) -}}
{{- mulf (trimSuffix $unit (toString .) | float64) (get $factors $unit) -}}
{{- end }}
