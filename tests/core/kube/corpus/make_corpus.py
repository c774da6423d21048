#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes generated/: one kubeconfig for each rule of reading, made from a plain one by a single change.  What is right is decided by make_golden.py."""
import os
import shutil

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "generated")

CLUSTER = "server: https://10.0.0.1:6443"
USER = "token: abc"
CONTEXT = "cluster: c\n    user: u"


def config(cluster=CLUSTER, user=USER, context=CONTEXT, head="apiVersion: v1\nkind: Config\n", current="ctx", name="c", tail=""):
    """A kubeconfig in the layout of kubectl; bodies are YAML lines, indented here."""
    def body(text):
        return "".join(f"    {line.strip() if not line.startswith('  ') else line[4:]}\n" for line in text.split("\n"))
    return (f"{head}clusters:\n- name: {name}\n  cluster:\n{body(cluster)}users:\n- name: u\n  user:\n{body(user)}"
            f"contexts:\n- name: ctx\n  context:\n{body(context)}current-context: {current}\n{tail}")


def with_exec(text):
    return config(user="exec:\n      " + text.replace("\n", "\n      "))


PLAIN = config()
V1 = "apiVersion: client.authentication.k8s.io/v1\ncommand: plugin\ninteractiveMode: Never"
FILES = {
    # -- shape of the document
    "plain": PLAIN,
    "empty": "",
    "only-spaces": "  \n\n",
    "only-comment": "# nothing here\n",
    "only-null": "~\n",
    "only-text": "hello\n",
    "only-list": "- a\n- b\n",
    "only-number": "5\n",
    "empty-map": "{}\n",
    "no-version-no-kind": config(head=""),
    "no-kind": config(head="apiVersion: v1\n"),
    "no-version": config(head="kind: Config\n"),
    "kind-pod": config(head="apiVersion: v1\nkind: Pod\n"),
    "kind-lower-case": config(head="apiVersion: v1\nkind: config\n"),
    "version-v9": config(head="apiVersion: v9\nkind: Config\n"),
    "version-with-group": config(head="apiVersion: example.com/v1\nkind: Config\n"),
    "version-number": config(head="apiVersion: 1\nkind: Config\n"),
    "kind-null": config(head="apiVersion: v1\nkind:\n"),
    "byte-order-mark": "\ufeff" + PLAIN,
    "crlf": PLAIN.replace("\n", "\r\n"),
    "old-mac-line-ends": PLAIN.replace("\n", "\r"),
    "no-line-end-at-end": PLAIN.rstrip("\n"),
    "leading-dashes": "---\n" + PLAIN,
    "comment-before-dashes": "# c\n---\n" + PLAIN,
    "second-document": PLAIN + "---\nkind: Pod\napiVersion: v7\n",
    "broken-second-document": PLAIN + "---\n{{{\n",
    "document-end": PLAIN + "...\n",
    "text-after-document-end": PLAIN + "...\nhello: [\n",
    "yaml-directive": "%YAML 1.1\n---\n" + PLAIN,
    "utf-16-little-endian": PLAIN.encode("utf-16-le").join([b"\xff\xfe", b""]),
    "utf-16-big-endian": PLAIN.encode("utf-16-be").join([b"\xfe\xff", b""]),
    "broken-utf-8": PLAIN.encode().replace(b"abc", b"a\xffc"),
    "latin-1": PLAIN.encode().replace(b"abc", b"a\xfcc"),
    "nul-byte": PLAIN.encode().replace(b"abc", b"a\x00c"),
    "escape-byte": PLAIN.encode().replace(b"abc", b"a\x1bc"),
    "emoji-token": config(user='token: "😀"'),
    "bad-yaml-at-sign": config(user="token: @abc"),
    "bad-yaml-backquote": config(user="token: `abc`"),
    "bad-yaml-unclosed-brace": "clusters: {\n",
    "bad-yaml-unclosed-quote": config(user='token: "abc'),
    "bad-yaml-indent": "clusters:\n- name: c\n cluster:\n  server: x\n",
    "bad-yaml-two-colons": config(user="token: a: b"),
    "tab-indent": PLAIN.replace("    server", "\tserver"),
    "tab-after-colon": PLAIN.replace("server: ", "server:\t"),
    "tab-before-comment": PLAIN.replace("token: abc", "token: abc\t# why"),
    "trailing-tab": PLAIN.replace("token: abc", "token: abc\t"),
    "tab-on-empty-line": PLAIN.replace("users:", "\t\nusers:"),
    "undefined-alias": config(user="token: *nowhere"),
    "alias-inside-itself": config(tail="x: &x {a: *x}\n"),
    "json-compact": '{"kind":"Config","apiVersion":"v1","clusters":[{"name":"c","cluster":{"server":"https://10.0.0.1"}}],"users":[],"contexts":[],"current-context":""}',
    "json-with-tabs": '{\n\t"kind":\t"Config",\n\t"clusters":\t[\n\t\t{"name":\t"c",\t"cluster":\t{}}\n\t]\n}\n',
    "json-trailing-comma": '{"clusters": [{"name": "c", "cluster": {}},],}',
    "json-escapes": '{"users": [{"name": "u", "user": {"token": "\\u0061\\n\\t\\\\\\"\\/"}}]}',
    "json-surrogates": '{"users": [{"name": "u", "user": {"token": "\\ud83d\\ude00"}}]}',
    # -- lists, names, keys
    "no-lists": "current-context: x\n",
    "null-lists": "clusters:\nusers: ~\ncontexts: null\n",
    "empty-lists": "clusters: []\nusers: []\ncontexts: []\n",
    "null-item": "clusters:\n-\n- name: c\n  cluster:\n",
    "item-without-name": "clusters:\n- cluster: {server: https://a}\n",
    "two-items-without-name": "clusters:\n- cluster: {server: https://a}\n- cluster: {server: https://b}\n",
    "empty-names": config(name='""', context='cluster: ""\n    user: u'),
    "null-name": config(name=""),
    "duplicate-cluster": PLAIN.replace("users:", "- name: c\n  cluster: {server: https://other}\nusers:"),
    "duplicate-user": PLAIN.replace("contexts:", "- name: u\n  user: {token: other}\ncontexts:"),
    "duplicate-context": PLAIN.replace("current-context:", "- name: ctx\n  context: {cluster: other}\ncurrent-context:"),
    "duplicate-extension": config(cluster=CLUSTER + "\n    extensions: [{name: a, extension: 1}, {name: a, extension: 2}]"),
    "duplicate-key-last-wins": config(user="token: first\n    token: last"),
    "duplicate-list-last-wins": PLAIN + "users:\n- name: u\n  user: {token: last}\n",
    "wrong-case-key": config(user="Token: abc\n    tokenfile: x"),
    "wrong-case-section": PLAIN.replace("clusters:", "Clusters:"),
    "unknown-fields": config(cluster=CLUSTER + "\n    colour: red", user=USER + "\n    shoe-size: 5", tail="more: {a: [b]}\n"),
    "numeric-cluster-name": config(name="123"),
    "float-cluster-name": config(name="1.5"),
    "bool-cluster-name": config(name="yes"),
    "one-letter-name-y": config(name="y"),
    "date-name": config(name="2026-01-01", context="cluster: 2026-01-01\n    user: u"),
    "time-name": config(name="12:30", context='cluster: "12:30"\n    user: u'),
    "infinite-name": config(name=".inf"),
    "name-like-number": config(name="1_x"),
    "name-with-underscored-number": config(name="1_000"),
    "octal-name": config(name="017"),
    "version-like-name": config(name="1.2.3", context="cluster: 1.2.3\n    user: u"),
    "exponent-name": config(name="1e3"),
    "name-with-slash-and-colon": config(name="a/b:c", context="cluster: a/b:c\n    user: u"),
    "quoted-number-name": config(name='"123"', context='cluster: "123"\n    user: u'),
    "tagged-number-name": config(name="!!str 123", context='cluster: "123"\n    user: u'),
    "custom-tag-name": config(name="!mine c"),
    "users-is-a-map": PLAIN.replace("users:\n- name: u\n  user:\n    token: abc\n", "users:\n  u: {token: abc}\n"),
    "clusters-is-text": PLAIN.replace("clusters:\n- name: c\n  cluster:\n    server: https://10.0.0.1:6443\n", "clusters: c\n"),
    "cluster-is-text": "clusters:\n- name: c\n  cluster: hello\n",
    "cluster-is-a-list": "clusters:\n- name: c\n  cluster: [server]\n",
    "item-is-text": "clusters:\n- c\n",
    "preferences-text": PLAIN + "preferences: hello\n",
    "preferences-colors": PLAIN + "preferences: {colors: yes}\n",
    "preferences-colors-text": PLAIN + 'preferences: {colors: "yes"}\n',
    "list-as-key": PLAIN + "? [a, b]\n: c\n",
    "null-key": PLAIN + "~: c\n",
    "number-key": PLAIN + "5: c\n",
    # -- scalars of the fields
    "token-number": config(user="token: 12345"),
    "token-true": config(user="token: true"),
    "token-null": config(user="token: null"),
    "token-empty": config(user="token:"),
    "token-list": config(user="token: [a]"),
    "token-with-spaces": config(user='token: "a b  c"'),
    "token-with-hash": config(user="token: abc#def"),
    "token-with-comment": config(user="token: abc # def"),
    "token-folded": config(user="token: >-\n      abc\n      def"),
    "token-block": config(user="token: |\n      abc"),
    "token-over-two-lines": config(user="token: abc\n      def"),
    "token-binary": config(user="token: !!binary YWJj"),
    "token-base-60": config(user="token: 190:20:30"),
    "token-plus": config(user="token: +5"),
    "token-hex-like": config(user="token: 0xabcg"),
    "skip-verify-yes": config(cluster=CLUSTER + "\n    insecure-skip-tls-verify: yes"),
    "skip-verify-on": config(cluster=CLUSTER + "\n    insecure-skip-tls-verify: On"),
    "skip-verify-y": config(cluster=CLUSTER + "\n    insecure-skip-tls-verify: y"),
    "skip-verify-off": config(cluster=CLUSTER + "\n    insecure-skip-tls-verify: off"),
    "skip-verify-quoted": config(cluster=CLUSTER + '\n    insecure-skip-tls-verify: "true"'),
    "skip-verify-number": config(cluster=CLUSTER + "\n    insecure-skip-tls-verify: 1"),
    "skip-verify-null": config(cluster=CLUSTER + "\n    insecure-skip-tls-verify:"),
    "skip-verify-tagged": config(cluster=CLUSTER + '\n    insecure-skip-tls-verify: !!bool "true"'),
    "skip-verify-mixed-case": config(cluster=CLUSTER + "\n    insecure-skip-tls-verify: tRUE"),
    "namespace-no-label": config(context=CONTEXT + "\n    namespace: Not_A_Label!"),
    "namespace-number": config(context=CONTEXT + "\n    namespace: 8080"),
    "server-missing": config(cluster="insecure-skip-tls-verify: true"),
    "server-upper-case": config(cluster="server: HTTPS://EXAMPLE.COM"),
    "server-query": config(cluster="server: https://example.com/prefix/?a=b#c"),
    "server-no-scheme": config(cluster="server: example.com:8080"),
    "server-with-user": config(cluster="server: https://user:password@example.com"),
    # -- data and files
    "data-block": config(cluster=CLUSTER + "\n    certificate-authority-data: |\n      aGVs\n      bG8="),
    "data-folded": config(cluster=CLUSTER + "\n    certificate-authority-data: >-\n      aGVs\n      bG8="),
    "data-no-padding": config(cluster=CLUSTER + "\n    certificate-authority-data: aGVsbG8"),
    "data-url-alphabet": config(cluster=CLUSTER + "\n    certificate-authority-data: __-_"),
    "data-standard-alphabet": config(cluster=CLUSTER + "\n    certificate-authority-data: //+/"),
    "data-garbage": config(cluster=CLUSTER + '\n    certificate-authority-data: "!!!!"'),
    "data-pem-not-base64": config(cluster=CLUSTER + "\n    certificate-authority-data: |\n      -----BEGIN CERTIFICATE-----"),
    "data-empty": config(cluster=CLUSTER + '\n    certificate-authority-data: ""'),
    "data-number": config(cluster=CLUSTER + "\n    certificate-authority-data: 1234"),
    "data-too-much-padding": config(cluster=CLUSTER + "\n    certificate-authority-data: aGVsbG8=="),
    "data-after-padding": config(cluster=CLUSTER + "\n    certificate-authority-data: aGVsbG8=aGVsbG8="),
    "data-crlf-inside": config(cluster=CLUSTER + '\n    certificate-authority-data: "aGVs\\r\\nbG8="'),
    "data-stray-bits": config(cluster=CLUSTER + "\n    certificate-authority-data: aGVsbG9="),
    "data-and-file": config(cluster=CLUSTER + "\n    certificate-authority-data: aGk=\n    certificate-authority: ca.crt"),
    "key-data-bad": config(user="client-key-data: a"),
    "relative-files": config(cluster=CLUSTER + "\n    certificate-authority: ./x/../ca.crt", user="client-certificate: ../c.crt\n    client-key: sub/dir/\n    tokenFile: t"),
    "absolute-files": config(cluster=CLUSTER + "\n    certificate-authority: /opt/x/../ca.crt", user="tokenFile: /opt//token"),
    "file-dot": config(user="tokenFile: ."),
    "token-and-token-file": config(user="token: abc\n    tokenFile: t"),
    # -- other users
    "basic": config(user="username: admin\n    password: s3cret"),
    "password-number": config(user="username: admin\n    password: 123456"),
    "groups-text": config(user="as: a\n    as-groups: g"),
    "groups-numbers": config(user="as: a\n    as-groups: [1]"),
    "groups-null-inside": config(user="as: a\n    as-groups: [a, ~]"),
    "extra-text": config(user="as: a\n    as-user-extra: {k: v}"),
    "extra-number-key": config(user="as: a\n    as-user-extra: {5: [v], yes: [w]}"),
    "extra-null": config(user="as: a\n    as-user-extra: {k: ~}"),
    "provider-config-number": config(user="auth-provider: {name: oidc, config: {a: 5}}"),
    "provider-config-bool-key": config(user="auth-provider: {name: oidc, config: {on: x, 1.5: y}}"),
    "provider-empty": config(user="auth-provider: {}"),
    "exec-v1": with_exec(V1),
    "exec-no-mode": with_exec("apiVersion: client.authentication.k8s.io/v1\ncommand: plugin"),
    "exec-v1beta1-no-mode": with_exec("apiVersion: client.authentication.k8s.io/v1beta1\ncommand: plugin"),
    "exec-v1alpha1": with_exec("apiVersion: client.authentication.k8s.io/v1alpha1\ncommand: plugin"),
    "exec-bad-mode": with_exec(V1.replace("Never", "Sometimes")),
    "exec-relative": with_exec(V1.replace("plugin", "./bin/../plugin")),
    "exec-absolute": with_exec(V1.replace("plugin", "/opt/bin/plugin")),
    "exec-parent": with_exec(V1.replace("plugin", "../plugin")),
    "exec-args-numbers": with_exec(V1 + "\nargs: [get, 5]"),
    "exec-args-text": with_exec(V1 + "\nargs: get"),
    "exec-args-empty": with_exec(V1 + "\nargs: []\nenv: []"),
    "exec-env": with_exec(V1 + "\nenv: [{name: A, value: b}, {name: A, value: c}, {value: d}, {name: E}, ~]"),
    "exec-env-number": with_exec(V1 + "\nenv: [{name: A, value: 5}]"),
    "exec-env-map": with_exec(V1 + "\nenv: {A: b}"),
    "exec-null": config(user="exec:"),
    "exec-empty": config(user="exec: {}"),
    "exec-hint": with_exec(V1 + '\ninstallHint: "line\\n\\e[31mred"'),
    "exec-cluster-info-quoted": with_exec(V1 + '\nprovideClusterInfo: "true"'),
    # -- anchors and merges
    "anchor-scalar": config(cluster="server: &s https://10.0.0.1", user="token: *s"),
    "merge-before": config(tail="", user="<<: &d {token: first}\n    token: second"),
    "merge-after": config(user="token: first\n    <<: {token: second}"),
    "merge-list": config(user="<<: [{token: first}, {token: second, username: u}]"),
    "merge-list-of-aliases": config(head="a: &a {token: one}\nb: &b {token: two, as: x}\n", user="<<: [*a, *b]"),
    "merge-alias-of-list": config(head="a: &a [{token: one}]\n", user="<<: *a"),
    "merge-text": config(user="<<: hello"),
    "merge-null": config(user="<<:"),
    "merge-quoted": config(user='"<<": {token: merged}'),
    "merge-nested": config(head="a: &a {token: one}\nb: &b {<<: *a, as: x}\n", user="<<: *b"),
    "merge-twice": config(head="a: &a {token: one}\nb: &b {token: two}\n", user="<<: *a\n    <<: *b"),
    "anchor-reused": config(head="a: &a one\nb: &a two\n", user="token: *a"),
    "set-of-keys": config(user="? token\n    : abc"),
    "aliases-of-aliases": "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{new}: &{new} [" + ",".join([f"*{old}"] * 10) + "]\n" for old, new in zip("abcdefgh", "bcdefghi")) + PLAIN,
    # -- contexts that point nowhere
    "current-context-unknown": config(current="nope"),
    "current-context-empty": config(current='""'),
    "current-context-number": config(current="5"),
    "cluster-unknown": config(context="cluster: nope\n    user: u"),
    "cluster-not-named": config(context="user: u"),
    "user-unknown": config(context="cluster: c\n    user: nope"),
    "user-not-named": config(context="cluster: c"),
}


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    for name, text in FILES.items():
        with open(os.path.join(OUT, name + ".yaml"), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
    print(f"{len(FILES)} kubeconfigs in {OUT}")


if __name__ == "__main__":
    main()
