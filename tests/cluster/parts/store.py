# SPDX-License-Identifier: Apache-2.0
"""etcd's history: what the API server does every five minutes, at once."""
import base64
import json
import ssl
import urllib.parse
import urllib.request

from . import programs
from .common import ClusterError, wait_for

PAGE = "/api/v1/namespaces?limit=1"
# Where API servers write up to which revision they have compacted; each watches it to learn of the others' (k8s.io/apiserver, etcd3/compact.go).
COMPACTED = "compact_rev_key"


def ask(cluster, path, document):
    """One call of etcd's JSON gateway, with the API server's certificate."""
    files = cluster.folder + "/control/certificates"
    context = ssl.create_default_context(cafile=files + "/storage.crt")
    context.load_cert_chain(files + "/etcd-client.crt", files + "/etcd-client.key")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    request = urllib.request.Request(f"https://{cluster.control_address}:2379/v3/{path}", json.dumps(document).encode(), {"Content-Type": "application/json"})
    try:
        with opener.open(request, timeout=60) as answer:
            return json.load(answer)
    except OSError as error:
        raise ClusterError(f"etcd did not carry out {path}: {error}") from error


def say_compacted(cluster, revision):
    """The revision that this makes."""
    words = {"key": COMPACTED, "value": str(revision)}
    return int(ask(cluster, "kv/put", {name: base64.b64encode(text.encode()).decode() for name, text in words.items()})["header"]["revision"])


def compact(cluster):
    """Pages that were begun before end as expired afterwards.

    The API server keeps copies of what it has told in pages, and drops the old ones a while after it learnt of the compaction: a page of our own says when.
    """
    begun = json.loads(programs.kubectl(cluster, "get", "--raw", PAGE).stdout)["metadata"].get("continue")
    if not begun:
        raise ClusterError("the list of namespaces has one page only")
    latest = say_compacted(cluster, 0)  # later than that page
    say_compacted(cluster, latest)
    ask(cluster, "kv/compaction", {"revision": str(latest), "physical": True})
    following = f"{PAGE}&continue={urllib.parse.quote(begun)}"
    wait_for("the API server's forgetting of old pages", lambda: "(Expired)" in programs.kubectl(cluster, "get", "--raw", following, check=False).stderr)
