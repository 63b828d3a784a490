{{/* The pod of a job. Arguments: root, model, job; args in the place of the file's; claim, a volume to write to; restart;
graceSeconds. */}}
{{- define "ardoise.jobPod" -}}
{{- $one := get .model.jobs .job -}}
metadata:
  {{- include "ardoise.podMetadata" (dict "root" .root "pod" .job) | nindent 2 }}
spec:
  {{- include "ardoise.podSpec" (dict "root" .root "pod" .job "token" $one.apiServer) | nindent 2 }}
  {{- with .graceSeconds }}
  terminationGracePeriodSeconds: {{ . }}
  {{- end }}
  restartPolicy: {{ .restart | default "OnFailure" }}
  containers:
    - name: {{ .job }}
      image: {{ include "ardoise.image" (dict "root" .root "of" $one.image) }}
      imagePullPolicy: {{ .root.Values.images.pullPolicy }}
      args: {{ toJson (.args | default $one.args) }}
      {{- include "ardoise.environment" (dict "root" .root "model" .model "name" .job "holder" (first $one.identities)) | nindent 6 }}
      resources:
        {{- toYaml .root.Values.resources.jobs | nindent 8 }}
      securityContext:
        {{- include "ardoise.restricted" . | nindent 8 }}
      volumeMounts:
        {{- include "ardoise.mounts" (dict "name" .job) | nindent 8 }}
        {{- if $one.topology }}
        - {name: sites, mountPath: /etc/ardoise/sites.yaml, subPath: sites.yaml, readOnly: true}
        {{- end }}
        {{- if .claim }}
        - {name: backups, mountPath: /backups}
        {{- end }}
  volumes:
    - name: state
      emptyDir: {}
    {{- include "ardoise.volumes" (dict "root" .root "model" .model "containers" list "topology" $one.topology) | nindent 4 }}
    {{- include "ardoise.identityVolume" (dict "root" .root "name" .job "held" $one.identities "dataPlane" $one.dataPlane) | nindent 4 }}
    {{- with .claim }}
    - name: backups
      persistentVolumeClaim:
        claimName: {{ . }}
    {{- end }}
{{- end }}

{{/* Fills an empty database from a backup, before Patroni sees it. */}}
{{- define "ardoise.restoreContainer" -}}
- name: restore
  image: {{ include "ardoise.image" (dict "root" .root "of" "patroni") }}
  imagePullPolicy: {{ .root.Values.images.pullPolicy }}
  args: [backup, restore-database, /backups/{{ .root.Values.restore.backup }}, /var/lib/ardoise/patroni]
  resources:
    {{- toYaml .root.Values.resources.jobs | nindent 4 }}
  securityContext:
    {{- include "ardoise.restricted" . | nindent 4 }}
  volumeMounts:
    - {name: state, mountPath: /var/lib/ardoise}
    - {name: tmp, mountPath: /tmp, subPath: restore}
    - {name: backups, mountPath: /backups, readOnly: true}
{{- end }}
