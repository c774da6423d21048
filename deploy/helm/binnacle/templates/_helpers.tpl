{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{- define "binnacle.namespace" -}}
{{- if and .Values.namespace.create .Values.namespace.name -}}
{{ .Values.namespace.name }}
{{- else if .Values.namespace.create -}}
{{ fail "namespace.create needs namespace.name: the release's own namespace exists before the chart could make it" }}
{{- else -}}
{{ .Release.Namespace }}
{{- end -}}
{{- end }}

{{- define "binnacle.labels" -}}
app.kubernetes.io/part-of: binnacle
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "binnacle.podLabels" -}}
app.kubernetes.io/part-of: binnacle
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{- define "binnacle.image" -}}
{{- if hasPrefix "registry.invalid/" .Values.image.repository -}}
{{- fail "image.repository is not set: no public registry carries the agent's image; build it with deploy/image, push it to yours, and name it here" -}}
{{- end -}}
{{- if .Values.image.digest -}}
{{ printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else -}}
{{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end -}}
{{- end }}

{{- define "binnacle.capabilities" -}}
{{- $list := .Values.agent.capabilities -}}
{{- if .Values.agent.kernels.old }}{{ $list = append $list "SYS_RESOURCE" }}{{ end -}}
{{- if .Values.agent.kernels.hardened }}{{ $list = append $list "SYS_ADMIN" }}{{ end -}}
{{- $list | uniq | toJson -}}
{{- end }}

{{- define "binnacle.seLinuxType" -}}
{{- .Values.agent.seLinuxType | default (ternary "spc_t" "" .Values.openshift.enabled) -}}
{{- end }}
