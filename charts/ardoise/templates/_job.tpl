{{/* The pod of a job. Arguments: root, model, job, image, args, held (identities; the first speaks to the database),
dataPlane, claim (a volume of its own to write to; else nothing is kept). */}}
{{- define "ardoise.jobPod" -}}
metadata:
  {{- include "ardoise.podMetadata" (dict "root" .root "pod" .job) | nindent 2 }}
spec:
  {{- include "ardoise.podSpec" (dict "root" .root "pod" .job) | nindent 2 }}
  restartPolicy: {{ .restart | default "OnFailure" }}
  containers:
    - name: {{ .job }}
      image: {{ include "ardoise.image" (dict "root" .root "of" .image) }}
      imagePullPolicy: {{ .root.Values.images.pullPolicy }}
      args: {{ toJson .args }}
      {{- include "ardoise.environment" (dict "root" .root "model" .model "name" .job "holder" (first .held)) | nindent 6 }}
      resources:
        {{- toYaml .root.Values.resources.jobs | nindent 8 }}
      securityContext:
        {{- include "ardoise.restricted" . | nindent 8 }}
      volumeMounts:
        {{- include "ardoise.mounts" (dict "name" .job) | nindent 8 }}
        {{- if .claim }}
        - {name: backups, mountPath: /backups}
        {{- end }}
  volumes:
    - name: state
      emptyDir: {}
    {{- include "ardoise.volumes" (dict "root" .root "model" .model "containers" list) | nindent 4 }}
    {{- include "ardoise.identityVolume" (dict "root" .root "name" .job "held" .held "dataPlane" .dataPlane) | nindent 4 }}
    {{- with .claim }}
    - name: backups
      persistentVolumeClaim:
        claimName: {{ . }}
    {{- end }}
{{- end }}

{{- define "ardoise.backupClaim" -}}
{{ .Values.backup.existingClaim | default (include "ardoise.name" (dict "root" . "of" "backup")) }}
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
