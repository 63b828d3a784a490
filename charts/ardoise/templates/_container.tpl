{{/* One container of a site, and what it is told. Arguments: root, model, name (its identity and its metrics' name). */}}

{{/* What the chart tells a process, as YAML: what `ardoise sites up` tells it (services/ardoise/up/site.py; a test
compares), and where it listens in a pod. */}}
{{- define "ardoise.given" -}}
{{- $values := .root.Values -}}
{{- $region := eq $values.site.kind "region" -}}
{{- $one := get .model.containers .name | default dict -}}
{{- $given := dict
  "ARDOISE_SITE" $values.site.name
  "ARDOISE_STATE_DIR" "/var/lib/ardoise"
  "ARDOISE_IDENTITY_DIR" "/etc/ardoise/identity"
  "ARDOISE_SITES_FILE" "/etc/ardoise/sites.yaml"
  "ARDOISE_NATS_URL" ($values.nats.url | default (printf "tls://%s-nats:4222" .root.Release.Name)) -}}
{{- if and (eq .name "patroni") $values.restore.elsewhere -}}
  {{- $_ := set $given "ARDOISE_FOUNDS_DATABASE" "false" -}}
{{- end -}}
{{- with ($one.ports | default dict).mqtt -}}
  {{- $given = merge $given (include "ardoise.phonesTold" (dict "root" $.root "mqtt" .) | fromYaml) -}}
{{- end -}}
{{- if $one.apiServer -}}
  {{- $given = pick $given "ARDOISE_SITE" "ARDOISE_STATE_DIR" "ARDOISE_SITES_FILE" -}}
  {{- $_ := set $given "ARDOISE_SCRAPE_LISTEN" (printf "0.0.0.0:%d" (int $one.metrics.port)) -}}
  {{- $_ := set $given "ARDOISE_LIVENESS_LISTEN" (printf "0.0.0.0:%d" (int $one.health.http)) -}}
  {{- if .model.jobs.drill -}}
    {{- $_ := set $given "ARDOISE_DRILL_TEMPLATE" (include "ardoise.name" (dict "root" .root "of" "drill")) -}}
  {{- end -}}
{{- else if not (include "ardoise.isServer" .) -}}
  {{- $names := list -}}
  {{- range $values.sites }}{{ if eq .kind "region" }}{{ $names = append $names .name }}{{ end }}{{ end -}}
  {{- $_ := set $given "ARDOISE_REGIONS" (join "," $names) -}}
  {{- if not $region -}}
    {{- /* The truck has no database to write down what it sent: only regions send. */ -}}
    {{- $_ := set $given "ARDOISE_DATABASE_URL" "" -}}
    {{- $_ := set $given "ARDOISE_SECURITY_WEBHOOK_URL" "" -}}
  {{- else if not $values.database.urlSecret -}}
    {{- $_ := set $given "ARDOISE_DATABASE_URL" (include "ardoise.databaseUrl" .) -}}
    {{- if eq .name "sites" -}}
      {{- $_ := set $given "ARDOISE_ETCD_DIR" "/var/lib/ardoise/etcd" -}}
      {{- $_ := set $given "ARDOISE_PATRONI_DIR" "/var/lib/ardoise/patroni" -}}
    {{- end -}}
  {{- end -}}
  {{- range list "positioning" "security" "analytics" -}}
    {{- $_ := set $given (printf "ARDOISE_%s_TARGET" (upper .)) (include "ardoise.target" (merge (dict "port" .) $)) -}}
  {{- end -}}
  {{- $_ := set $given "ARDOISE_WEB_LISTEN" "0.0.0.0:8080" -}}
  {{- $_ := set $given "ARDOISE_OPERATORS_LISTEN" "0.0.0.0:8443" -}}
  {{- /* Behind the ingress, which has the certificate that browsers know. */ -}}
  {{- $_ := set $given "ARDOISE_WEB_PLAINTEXT" "true" -}}
  {{- if and (eq .name "mediawall") $values.mediawall.ingress.enabled -}}
    {{- /* Screens are counted by address: the ingress says whose it is. */ -}}
    {{- $_ := set $given "FORWARDED_ALLOW_IPS" "*" -}}
  {{- end -}}
  {{- if eq .name "round-trip" -}}
    {{- $ingest := $values.roundTrip.ingest | default (include "ardoise.target" (merge (dict "port" "ingest") .)) -}}
    {{- $_ := set $given "ARDOISE_INGEST_TARGET" $ingest -}}
  {{- end -}}
  {{- if eq .name "drill" -}}
    {{- $_ := set $given "ARDOISE_DRILL_REACH" ($values.drills.reach | toJson) -}}
    {{- $_ := set $given "ARDOISE_DRILL_STAGE" "/usr/share/ardoise/tour-des-cols/event.yaml" -}}
    {{- $_ := set $given "ARDOISE_DRILL_WORKLOADS" (include "ardoise.drilled" . | fromYamlArray | toJson) -}}
  {{- end -}}
  {{- if eq .name "trackers" -}}
    {{- $_ := set $given "ARDOISE_INGEST_TARGET" (include "ardoise.target" (merge (dict "port" "ingest") .)) -}}
    {{- $_ := set $given "ARDOISE_SOURCES" (include "ardoise.sources" .) -}}
  {{- end -}}
  {{- with get ($one.ports | default dict) .name -}}
    {{- $_ := set $given "ARDOISE_GRPC_LISTEN" (printf "0.0.0.0:%d" (int .port)) -}}
  {{- end -}}
  {{- with $one.metrics -}}
    {{- $_ := set $given "ARDOISE_SCRAPE_LISTEN" (printf "0.0.0.0:%d" (int .port)) -}}
  {{- end -}}
  {{- with $one.health -}}
    {{- $_ := set $given "ARDOISE_HEALTH_LISTEN" (printf "0.0.0.0:%d" (int .grpc)) -}}
  {{- end -}}
{{- end -}}
{{- $given | toYaml -}}
{{- end }}

{{/* `yes` where it runs a server of the site, which is told by sites.yaml. */}}
{{- define "ardoise.isServer" -}}
{{- $one := get .model.containers .name | default dict -}}
{{- if eq ($one.args | default list | first | default "") "server" -}}yes{{- end -}}
{{- end }}

{{/* env and envFrom of a container. */}}
{{- define "ardoise.environment" -}}
{{- $services := .root.Values.services -}}
{{- $given := include "ardoise.given" . | fromYaml -}}
{{- $server := include "ardoise.isServer" . -}}
{{- if not $server }}{{ $given = merge $given $services.settings }}{{ end -}}
env:
  {{- range $variable, $value := $given }}
  - {name: {{ $variable }}, value: {{ $value | toString | quote }}}
  {{- end }}
  {{- with and (not $server) (not (get .model.containers .name | default dict).apiServer) (eq .root.Values.site.kind "region") .root.Values.database.urlSecret }}
  - name: ARDOISE_DATABASE_URL
    valueFrom:
      secretKeyRef: {name: {{ . }}, key: url}
  {{- end }}
{{- with and (not $server) $services.settingsSecret }}
envFrom:
  - secretRef: {name: {{ . }}}
{{- end }}
{{- end }}

{{/* Of both regions' servers, this one's first, as the holder of a certificate. */}}
{{- define "ardoise.databaseUrl" -}}
{{- $hosts := list -}}
{{- range include "ardoise.regions" .root | fromYamlArray -}}{{- $hosts = append $hosts .postgres -}}{{- end -}}
{{- $holder := .holder | default .name -}}
{{- $directory := "/etc/ardoise/identity" -}}
postgresql://ardoise@{{ join "," $hosts }}/ardoise?sslmode=verify-full
{{- "" }}&sslrootcert={{ printf "%s/ca.pem" $directory | urlquery }}
{{- "" }}&sslcert={{ printf "%s/%s.pem" $directory $holder | urlquery }}
{{- "" }}&sslkey={{ printf "%s/%s.key" $directory $holder | urlquery }}
{{- end }}

{{/* Where a service is called within the site; empty where the site has none. In one pod, by loopback: the pod's
Service has no address while one of them is not ready. */}}
{{- define "ardoise.target" -}}
{{- with get .model.ports .port -}}
{{ ternary "127.0.0.1" (printf "%s-%s" $.root.Release.Name .service) (eq .pod (get $.model.containers $.name | default dict).pod) }}:{{ .port }}
{{- end -}}
{{- end }}

{{- define "ardoise.container" -}}
{{- $one := get .model.containers .name -}}
- name: {{ .name }}
  image: {{ include "ardoise.image" (dict "root" .root "of" $one.image) }}
  imagePullPolicy: {{ .root.Values.images.pullPolicy }}
  args: {{ toJson $one.args }}
  {{- include "ardoise.environment" . | nindent 2 }}
  {{- if or $one.ports $one.metrics }}
  ports:
    {{- range $port, $told := $one.ports }}
    - {name: {{ $port }}, containerPort: {{ $told.port }}, protocol: {{ $told.protocol }}}
    {{- end }}
    {{- with $one.metrics }}
    - {name: metrics-{{ .port }}, containerPort: {{ .port }}}
    {{- end }}
  {{- end }}
  {{- include "ardoise.probes" (dict "health" $one.health) | nindent 2 }}
  {{- if and $one.ports (not $one.state) }}
  lifecycle:
    # Whoever was told of this pod may still call it while the word of its end goes round.
    preStop: {sleep: {seconds: 3}}
  {{- end }}
  resources:
    {{- toYaml (get .root.Values.resources .name) | nindent 4 }}
  securityContext:
    {{- include "ardoise.restricted" . | nindent 4 }}
  volumeMounts:
    {{- include "ardoise.mounts" (dict "name" .name "bare" $one.apiServer) | nindent 4 }}
    {{- if $one.topology }}
    - {name: sites, mountPath: /etc/ardoise/sites.yaml, subPath: sites.yaml, readOnly: true}
    {{- end }}
    {{- if eq .name "patroni" }}
    - {name: shared-memory, mountPath: /dev/shm}
    {{- end }}
    {{- if and (eq .name "trackers") (include "ardoise.brokerFiles" .root | fromYamlArray) }}
    - {name: brokers, mountPath: /etc/ardoise/brokers, readOnly: true}
    {{- end }}
    {{- if ($one.ports | default dict).mqtt }}
    - {name: phones, mountPath: /etc/ardoise/phones, readOnly: true}
    {{- if include "ardoise.phonesCertificate" .root }}
    - {name: phones-certificate, mountPath: /etc/ardoise/phones-certificate, readOnly: true}
    {{- end }}
    {{- end }}
{{- end }}

{{/* Started within 5 minutes; well again within 30 s, or it is started anew. Not ready: nobody new is sent to it. */}}
{{- define "ardoise.probes" -}}
{{- $live := "" -}}
{{- $ready := "" -}}
{{- with .health -}}
  {{- if .grpc -}}
    {{- $live = dict "grpc" (dict "port" .grpc "service" "alive") -}}
    {{- $ready = dict "grpc" (dict "port" .grpc) -}}
  {{- end -}}
  {{- if .live -}}{{- $live = dict "httpGet" (dict "port" .http "path" .live) -}}{{- end -}}
  {{- if .ready -}}{{- $ready = dict "httpGet" (dict "port" .http "path" .ready) -}}{{- end -}}
  {{- if .alive -}}
    {{- $written := printf `[ -n "$(find /var/lib/ardoise/%s -mmin -1)" ]` .alive -}}
    {{- $live = dict "exec" (dict "command" (list "sh" "-c" $written)) -}}
  {{- end -}}
{{- end -}}
startupProbe:
  {{- toYaml $live | nindent 2 }}
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 150
livenessProbe:
  {{- toYaml $live | nindent 2 }}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
{{- with $ready }}
readinessProbe:
  {{- toYaml . | nindent 2 }}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 2
{{- end }}
{{- end }}

{{/* What Pod Security asks of a container. */}}
{{- define "ardoise.restricted" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* Arguments: name; bare where it holds no certificate. */}}
{{- define "ardoise.mounts" -}}
- {name: state, mountPath: /var/lib/ardoise}
- {name: tmp, mountPath: /tmp, subPath: {{ .name }}}
{{- if not .bare }}
- {name: identity-{{ .name }}, mountPath: /etc/ardoise/identity, readOnly: true}
{{- end }}
{{- end }}
