# SPDX-License-Identifier: Apache-2.0
"""Users who may do only what they were given: a client certificate, or the token of a service account, with a Role of exactly those verbs."""
import json

from . import certificates, programs
from .common import ClusterError


def rules(verbs, resources):
    """`pods`, `pods/portforward`, `apps/deployments` … : a word before the first slash that ends in .k8s.io, or is apps or batch, is an API group."""
    found = []
    for resource in resources:
        head, _, rest = resource.partition("/")
        group, name = (head, rest) if rest and (head in ("apps", "batch", "autoscaling", "policy") or head.endswith(".k8s.io")) else ("", resource)
        found.append({"apiGroups": [group], "resources": [name], "verbs": verbs})
    return found


def manifests(name, namespace, verbs, resources, subject):
    kind = "Role" if namespace else "ClusterRole"
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return [
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": metadata, "rules": rules(verbs, resources)},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind + "Binding", "metadata": metadata,
         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}, "subjects": [subject]}]


def apply(cluster, objects):
    programs.kubectl(cluster, "apply", "-f", "-", input=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))


def ensure(cluster, name, namespace, verbs, resources, with_token):
    """Writes the user's kubeconfig and gives its path.  Called again, the user may do what the newest call says."""
    path = f"{cluster.folder}/users/{name}"
    if with_token:
        home = namespace or "default"
        apply(cluster, [{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": home}}])
        token = programs.kubectl(cluster, "create", "token", name, "--namespace", home, "--duration=24h").stdout.strip()
        subject, credentials = {"kind": "ServiceAccount", "name": name, "namespace": home}, {"token": token}
    else:
        certificates.ensure_certificate(certificates.authority(cluster), path, name, ["binnacle-test-users"])
        subject, credentials = {"kind": "User", "name": name, "apiGroup": "rbac.authorization.k8s.io"}, certificates.by_certificate(path)
    if verbs:
        if namespace and programs.kubectl(cluster, "get", "namespace", namespace, check=False).returncode != 0:
            raise ClusterError(f"there is no namespace '{namespace}'; kubectl create namespace {namespace}")
        apply(cluster, manifests(name, namespace, verbs, resources, subject))
    certificates.write_kubeconfig(cluster, path + ".kubeconfig", name, credentials, namespace or "default")
    return path + ".kubeconfig"
