# SPDX-License-Identifier: Apache-2.0
"""The kubeconfig that comes with a double: one context for each way in.  JSON, which is YAML."""
import os


def named(kind, entries):
    return [{"name": name, kind: body} for name, body in entries.items()]


def kubeconfig(double, addresses):
    certificates = double.certificates
    authority = {"certificate-authority": certificates.path("ca.crt")}
    plain = {"server": addresses["url"], **authority}
    clusters = {
        "double": plain,
        "stripping": plain | {"server": addresses["stripping_url"]},
        "http-proxy": plain | {"proxy-url": addresses["proxy_url"]},
        "tls-proxy": plain | {"proxy-url": addresses["tls_proxy_url"]},
        "socks5-proxy": plain | {"proxy-url": addresses["socks_url"]},
        "wrong-authority": plain | {"certificate-authority": certificates.path("foreign-ca.crt")},
        "server-name": plain | {"tls-server-name": "api.double.test"},
        "insecure": {"server": addresses["url"], "insecure-skip-tls-verify": True},
    }
    users = {"anonymous": {}, "bad-token": {"token": "no-such-token"}}
    for name in ("admin", "admin-rsa", "admin-ed25519", "viewer", "nobody", "foreign", "expired"):
        certificate, key = certificates.client(name)
        users[name + "-certificate"] = {"client-certificate": certificate, "client-key": key}
    for token in double.script.get("authentication", "tokens"):
        users[token] = {"token": token}
    plugin = os.path.join(os.path.dirname(os.path.abspath(__file__)), "exec_plugin")
    users["exec"] = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": plugin, "interactiveMode": "Never",
                              "args": ["--state", double.state, "--certificates", certificates.folder, "token"], "provideClusterInfo": True}}
    users["oidc"] = {"auth-provider": {"name": "oidc", "config": {
        "idp-issuer-url": addresses["oidc_url"], "client-id": double.script.get("oidc", "client_id"),
        "client-secret": double.script.get("oidc", "client_secret"), "idp-certificate-authority": certificates.path("ca.crt"),
        "id-token": "", "refresh-token": next(iter(double.script.get("oidc", "refresh_tokens")), "")}}}
    contexts = {user: {"cluster": "double", "user": user} for user in users}
    contexts |= {cluster: {"cluster": cluster, "user": "admin-token"} for cluster in clusters if cluster != "double"}
    return {"apiVersion": "v1", "kind": "Config", "current-context": "admin-certificate", "clusters": named("cluster", clusters),
            "users": named("user", users), "contexts": named("context", contexts)}
