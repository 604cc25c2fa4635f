{{- define "chatsheet.selector" -}}
app.kubernetes.io/name: chatsheet
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "chatsheet.labels" -}}
{{ include "chatsheet.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "chatsheet.container" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  capabilities: { drop: [ALL] }
  seccompProfile: { type: RuntimeDefault }
volumeMounts:
  - { name: data, mountPath: /data }
  # LiteLLM is this pod's own, whoever shares the folder
  - { name: litellm, mountPath: /data/litellm }
  - { name: tmp, mountPath: /tmp }
  - { name: settings, mountPath: /etc/chatsheet, readOnly: true }
  - { name: secrets, mountPath: /run/secrets, readOnly: true }
{{- end }}

{{- define "chatsheet.pod" -}}
serviceAccountName: {{ .root.Release.Name }}
automountServiceAccountToken: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext: { fsGroup: 10001, fsGroupChangePolicy: OnRootMismatch }
{{- with .root.Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "chatsheet.selector" . | nindent 8 }}
{{- if .root.Values.litellm.enabled }}
initContainers:
  # starts before the container below and runs beside it: its egress is reached on loopback only
  - name: litellm
    image: "{{ .root.Values.litellm.image.repository }}@{{ .root.Values.litellm.image.digest }}"
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    restartPolicy: Always
    args: [litellm, run]
    resources: {{- toYaml .root.Values.litellm.resources | nindent 6 }}
    startupProbe:
      exec: { command: [python3, /opt/healthcheck.py, "http://127.0.0.1:4000/health/liveliness"] }
      periodSeconds: 5
      timeoutSeconds: 5
      failureThreshold: 36
    {{- include "chatsheet.container" . | nindent 4 }}
{{- end }}
volumes:
  - name: data
    {{- if .root.Values.data.isShared }}
    persistentVolumeClaim: { claimName: {{ .root.Values.data.existingClaim | default (printf "%s-data" .root.Release.Name) }} }
    {{- else }}
    emptyDir: { sizeLimit: {{ .root.Values.data.size }} }
    {{- end }}
  - name: litellm
    emptyDir: { sizeLimit: 64Mi }
  - name: tmp
    emptyDir: { sizeLimit: {{ .root.Values.tmpSize }} }
  - name: settings
    configMap: { name: {{ .root.Release.Name }} }
  - name: secrets
    projected:
      defaultMode: 0440
      sources:
        {{- range .root.Values.secrets }}
        - secret: { name: {{ .secret }}, items: [{ key: {{ .key }}, path: {{ .name }} }] }
        {{- end }}
{{- end }}

{{- define "chatsheet.egress" -}}
{{- range .cidrs }}
- to: [{ ipBlock: { cidr: {{ . }} } }]
  ports: [{ port: {{ $.port }}, protocol: TCP }]
{{- end }}
{{- end }}
