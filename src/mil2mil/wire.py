"""Requests to a store: the login that they may carry, what is tried again, and errors in one line."""

from __future__ import annotations

import base64
import html
import importlib
import ipaddress
import json
import os
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from mil2mil import __version__
from mil2mil.finding import DatasetError

try:
    import requests
    from requests.adapters import HTTPAdapter
    from requests.auth import HTTPDigestAuth
    from urllib3.util import Retry
except ModuleNotFoundError as error:
    raise DatasetError("publish needs an extra: pip install 'mil2mil[publish]'") from error

# Where the servers that we know answer queries, by where they take graphs or updates.
QUERY = {
    "store": "query",  # Oxigraph
    "data": "query",  # Fuseki
    "update": "query",  # both
    "sparql-graph-crud-auth": "sparql-auth",  # Virtuoso
    "sparql-auth": "sparql-auth",
}
TIMEOUT = (10, 120)  # seconds to connect, and without a byte of the answer
RETRY = Retry(
    total=5,
    backoff_factor=0.5,
    backoff_jitter=0.5,
    status_forcelist=(429, 502, 503, 504),
    allowed_methods=None,  # any: whatever we send can be sent again
    redirect=False,
    raise_on_status=False,
    retry_after_max=120,
)
_HEAD = 1 << 16  # of an answer that is an error


@dataclass(frozen=True, slots=True)
class Login:
    """A user's password, or a token without a user; neither is ever shown."""

    secret: str = field(repr=False)
    user: str = field(default="", repr=False)

    def basic(self) -> str:
        return base64.b64encode(f"{self.user}:{self.secret}".encode()).decode()

    def is_in(self, text: str) -> bool:
        """Whether a text has the secret, in one of the forms in which a server may send it back."""
        whole = (self.secret, self.basic())
        forms = {form(each) for each in whole for form in (str, quote, html.escape, json.dumps)}
        forms |= {quote(each, safe="") for each in whole}
        return any(form.strip('"') in text for form in forms)


def find_login(url: str) -> Login | None:
    """The login from the environment, else from the keyring; None if there is none."""
    user, password, token = (
        os.environ.get(f"MIL2MIL_{name}", "") for name in ("USER", "PASSWORD", "TOKEN")
    )
    if token and (user or password):
        raise DatasetError("set either MIL2MIL_TOKEN, or MIL2MIL_USER and MIL2MIL_PASSWORD")
    if password and not user:
        raise DatasetError("MIL2MIL_PASSWORD is set without MIL2MIL_USER")
    secret = token or password or _from_keyring(url)
    if user and not secret:
        raise DatasetError("MIL2MIL_USER is set without MIL2MIL_PASSWORD, and no keyring has it")
    # What a header cannot hold: a library would repeat it in its error.
    if not (user + secret).isprintable() or any(sign in user for sign in ':"\\'):
        raise DatasetError("the login has characters that cannot be sent")
    if not user and not (secret.isascii() and secret == secret.strip()):
        raise DatasetError("the token has characters that cannot be sent")
    return Login(secret, user) if secret else None


def _from_keyring(url: str) -> str:
    """What the system's keyring has for the service mil2mil and the host, if keyring is installed."""
    try:
        keyring = importlib.import_module("keyring")
        errors = importlib.import_module("keyring.errors")
    except ModuleNotFoundError:
        return ""
    try:
        return str(keyring.get_password("mil2mil", _origin(url)[1]) or "")
    except errors.NoKeyringError:
        return ""
    except errors.KeyringError:
        raise DatasetError("the keyring cannot be read; set MIL2MIL_USER and MIL2MIL_PASSWORD") from None


class _Auth(HTTPDigestAuth):
    """Logs in as the server asks, by Basic or Digest; a token is sent unasked.

    It stands there without a login too, or else requests would look for one in ~/.netrc.
    """

    def __init__(self, login: Login | None) -> None:
        super().__init__(login.user if login else "", login.secret if login else "")
        self.login = login
        self.header = f"Bearer {login.secret}" if login and not login.user else ""

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.header:
            r.headers["Authorization"] = self.header
            return r
        return super().__call__(r) if self.login else r

    def handle_401(self, r: requests.Response, **kwargs: Any) -> requests.Response:
        asked = r.headers.get("WWW-Authenticate", "").lower()
        # Virtuoso, if sent Basic, would not say that it wants Digest: so nothing is sent unasked.
        if r.status_code != 401 or self.login is None or "digest" in asked or "basic" not in asked:
            return super().handle_401(r, **kwargs)
        self.header = f"Basic {self.login.basic()}"  # from now on with each request
        r.close()
        again = r.request.copy()
        again.headers["Authorization"] = self.header
        connection: Any = r.connection
        answer: requests.Response = connection.send(again, **kwargs)
        answer.request = again
        return answer


class Wire:
    """Requests to one server: tried again if it falters, and the login sent to no other.

    Raises DatasetError for an address that would give the login away.
    """

    def __init__(self, url: str, query: str | None = None, login: Login | None = None) -> None:
        origin = _origin(url)
        folder, _, name = url.rstrip("/").rpartition("/")
        if query is None and name not in QUERY:
            raise DatasetError(f"{url}: where this store answers queries is not known; add --query URL")
        self.url, self.query, self.login = url, query or f"{folder}/{QUERY[name]}", login
        if _origin(self.query) != origin:
            raise DatasetError("--query must be on the same host as --to: both get the same login")
        if login and origin[0] == "http" and not _is_loopback(origin[1]):
            raise DatasetError(f"{url}: a login is sent by https only, or to this machine")
        self._session = requests.Session()
        self._session.auth = _Auth(login)
        self._session.trust_env = origin[0] == "https"  # else a proxy would see what is sent
        self._session.headers["User-Agent"] = f"mil2mil/{__version__}"
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=RETRY))

    def send(self, method: str, url: str, body: str, kind: str) -> bytes:
        """The answer to a request; errors are told in our words, since a library's may tell too much."""
        accept = "application/sparql-results+json" if url == self.query else "*/*"
        headers = {"Content-Type": f"{kind}; charset=utf-8", "Accept": accept}
        place = url.partition("?")[0]
        try:
            answer = self._session.request(
                method, url, data=body.encode(), headers=headers, timeout=TIMEOUT, allow_redirects=False
            )
        except requests.exceptions.SSLError:
            raise DatasetError(f"{place}: its certificate is not to be trusted") from None
        except requests.exceptions.Timeout:
            raise DatasetError(f"{place} does not answer in time") from None
        except (requests.exceptions.RequestException, OSError):
            raise DatasetError(f"{place} cannot be reached, or does not answer") from None
        if 200 <= answer.status_code < 300 or (method, answer.status_code) == ("DELETE", 404):
            return answer.content
        raise DatasetError(f"{place} answers {answer.status_code}{self._why(answer)}")

    def _why(self, answer: requests.Response) -> str:
        if answer.is_redirect:
            return ": it sends us elsewhere, and we do not go there; give the address itself"
        if answer.status_code == 401:
            how = "set MIL2MIL_USER and MIL2MIL_PASSWORD, or MIL2MIL_TOKEN"
            return ": it does not accept the login" if self.login else f": it wants a login; {how}"
        text = answer.content[:_HEAD].decode("utf-8", errors="replace")
        if "html" in answer.headers.get("Content-Type", ""):
            text = " ".join(re.sub("<[^>]*>", " ", text).split())
        line = text.strip().partition("\n")[0]
        line = "".join(char if char.isprintable() else " " for char in line)
        if "authorization" in line.lower() or (self.login and self.login.is_in(line)):
            return ": its message repeats the login, and is not shown"
        return f": {line[:200]}" if line else ""


def _origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port. An address is not repeated before it is known to be harmless."""
    if "@" in url or "?" in url or "#" in url:
        raise DatasetError(
            "an address is given without user, password and parameters; "
            "the login comes from MIL2MIL_USER and MIL2MIL_PASSWORD, or MIL2MIL_TOKEN"
        )
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if scheme not in ("http", "https") or not host or not url.isprintable() or " " in url:
        raise DatasetError("an address is needed that starts with http:// or https://")
    return scheme, host, port


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
