# SPDX-License-Identifier: Apache-2.0
"""An OpenID Connect issuer as far as a kubeconfig's auth-provider needs one: discovery and the refresh grant."""
import base64
import json
import time
import urllib.parse

from certificates import openssl
from http1 import json_response, read_request, text_response


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class OidcIssuer:
    """Serves its own TLS listener.  The id-tokens it makes are real RS256 JWTs, which the double then accepts as bearer tokens."""

    def __init__(self, double):
        self.double = double
        self.script = double.script
        self.url = ""  # set once the port is known

    def id_token(self, lifetime):
        now = int(time.time())
        claims = {"iss": self.url, "aud": self.script.get("oidc", "client_id"), "sub": self.script.get("oidc", "user"),
                  "groups": self.script.get("oidc", "groups"), "iat": now, "exp": now + lifetime, "jti": str(self.double.sequence)}
        head = {"alg": "RS256", "typ": "JWT", "kid": "double"}
        signed = ".".join(base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
        signature = openssl("dgst", "-sha256", "-sign", self.double.certificates.path("signer.key"), stdin=signed.encode())
        token = f"{signed}.{base64url(signature)}"
        self.double.authenticator.issued[token] = {"user": claims["sub"], "groups": claims["groups"], "expires": claims["exp"]}
        return token

    async def serve(self, wire):
        while (request := await read_request(wire)) is not None:
            entry = self.double.log("oidc", method=request.method, target=request.target, headers=request.headers, body=request.body.decode())
            response = self._answer(request)
            entry["status"] = response.status
            await wire.write(response.framed(request))

    def _answer(self, request):
        fault = self.script.get("oidc", "fault")
        if request.path == "/.well-known/openid-configuration":
            if fault == "no_discovery":
                return text_response(404, "404 page not found")
            issuer = "https://impostor.example" if fault == "wrong_issuer" else self.url
            return json_response({"issuer": issuer, "token_endpoint": self.url + "/token", "authorization_endpoint": self.url + "/auth",
                                  "jwks_uri": self.url + "/keys", "response_types_supported": ["code"],
                                  "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"]})
        if request.path == "/token" and request.method == "POST":
            return self._refresh(request)
        return text_response(404, "404 page not found")

    def _refresh(self, request):
        form = dict(urllib.parse.parse_qsl(request.body.decode()))
        if not self._client_fits(request, form):
            return json_response({"error": "invalid_client"}, None, 401)
        allowed = self.script.get("oidc", "refresh_tokens")
        fault = self.script.get("oidc", "fault")
        if form.get("grant_type") != "refresh_token" or form.get("refresh_token") not in allowed or fault == "refused":
            return json_response({"error": "invalid_grant", "error_description": "refresh token is not known"}, None, 400)
        answer = {"access_token": "unused", "token_type": "Bearer", "expires_in": self.script.get("oidc", "lifetime_seconds")}
        if fault != "no_id_token":
            answer["id_token"] = self.id_token(self.script.get("oidc", "lifetime_seconds"))
        if self.script.get("oidc", "rotate"):
            used = form["refresh_token"]
            fresh = f"refresh-{self.double.sequence}-next"
            self.script.patch({"oidc": {"refresh_tokens": [token for token in allowed if token != used] + [fresh]}})
            answer["refresh_token"] = fresh
        return json_response(answer)

    def _client_fits(self, request, form):
        """Credentials of the client by Basic or in the form, RFC 6749 section 2.3.1."""
        wanted = (self.script.get("oidc", "client_id"), self.script.get("oidc", "client_secret"))
        kind, _, value = request.header("Authorization").partition(" ")
        if kind == "Basic":
            given = base64.b64decode(value).decode().split(":", 1)
            return tuple(urllib.parse.unquote(part) for part in given) == wanted
        return (form.get("client_id"), form.get("client_secret", "")) == wanted
