# SPDX-License-Identifier: Apache-2.0
"""Tokens of ServiceAccounts: TokenRequest makes them, TokenReview judges them.  Opaque words here, signed JWTs at the real server."""
import time
import uuid

import statuses

SHORTEST = 600  # seconds; the API server refuses less


class Tokens:
    """What was made, by token.  `expire` (control endpoint) ends the life of all that there are."""

    def __init__(self, store):
        self.store = store
        self.made = {}

    def request(self, namespace, name, document):
        """The TokenRequest with its status, or Refused."""
        if self.store.find("serviceaccounts", namespace, name) is None:
            raise statuses.not_found("serviceaccounts", "", name)
        spec = document.get("spec") or {}
        seconds = spec.get("expirationSeconds") or 3600
        if seconds < SHORTEST:
            raise statuses.bad_request("spec.expirationSeconds: Invalid value: may not specify a duration less than 10 minutes")
        bound = spec.get("boundObjectRef") or {}
        pod = self.store.find("pods", namespace, bound["name"]) if bound.get("kind") == "Pod" else None
        if bound and pod is None:
            raise statuses.not_found("pods", "", bound.get("name", ""))
        token = f"sa.{uuid.uuid4().hex}"
        self.made[token] = {"namespace": namespace, "name": name, "audiences": list(spec.get("audiences") or ()), "expires": time.time() + seconds,
                            "pod": (pod["metadata"]["name"], pod["metadata"]["uid"]) if pod else None}
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
        return document | {"status": {"token": token, "expirationTimestamp": moment}}

    def review(self, spec):
        """The status of a TokenReview."""
        made, wanted = self.made.get(spec.get("token", "")), list(spec.get("audiences") or ())
        if made is None or made["expires"] <= time.time() or not self._pod_lives(made):
            return {"user": {}, "error": "[invalid bearer token, service account token has expired]" if made else "invalid bearer token"}
        common = [one for one in wanted if one in made["audiences"]]
        if not common:
            has, asked = (" ".join(f'"{one}"' for one in names) for names in (made["audiences"], wanted))
            return {"user": {}, "error": f"[invalid bearer token, token audiences [{has}] is invalid for the target audiences [{asked}]]"}
        user = {"username": f"system:serviceaccount:{made['namespace']}:{made['name']}",
                "groups": ["system:serviceaccounts", f"system:serviceaccounts:{made['namespace']}", "system:authenticated"]}
        if made["pod"]:
            user["extra"] = {"authentication.kubernetes.io/pod-name": [made["pod"][0]], "authentication.kubernetes.io/pod-uid": [made["pod"][1]]}
        return {"authenticated": True, "user": user, "audiences": common}

    def expire(self):
        for made in self.made.values():
            made["expires"] = 0
        return {"expired": len(self.made)}

    def _pod_lives(self, made):
        found = made["pod"] and self.store.find("pods", made["namespace"], made["pod"][0])
        return not made["pod"] or (found is not None and found["metadata"]["uid"] == made["pod"][1])
