"""Talking to the Hugging Face hub, or a mirror of it: what a repository holds, and its files.

With Python's own HTTP, so that a connection can be cut, paused and gone on with at any byte, and so
that the environment counts at the moment of asking: `HF_ENDPOINT` (a mirror), `HF_TOKEN`,
`HF_HUB_OFFLINE`, `HTTPS_PROXY` and its kin. The token goes to the hub itself and to no other host.
"""

import http.client
import json
import os
import re
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message as Headers
from typing import IO, Any
from urllib.parse import quote, urlsplit

from chatbot.errors import BadInput, ChatbotError, NotAvailable

USUAL_ENDPOINT = "https://huggingface.co"
TIMEOUT = 20.0
"""Seconds of silence after which a connection counts as broken."""
MOST_REDIRECTS = 6
LARGEST_LISTING = 20_000_000
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?"
_ID = re.compile(rf"(?:{_PART}/)?{_PART}")
_ADDRESS = re.compile(r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/([^?#\s]+)(?:[?#]\S*)?")
_REVISION = re.compile(r"[\w][\w./-]{0,100}")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as the hub lists it. `sha256` for large ones, `git` (a blob's SHA-1) for small ones;
    None where the hub does not say."""

    name: str
    size: int | None
    sha256: str | None = None
    git: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A model's repository at one commit."""

    id: str
    commit: str
    files: tuple[RemoteFile, ...]
    licence: str = ""


class Broken(NotAvailable):
    """The connection failed or the hub is out of order: worth another try. `wait`: seconds that
    the hub asked for."""

    wait: float = 0.0


def id_of(text: str) -> str:
    """The id in what somebody typed or pasted: an id, or the address of the model's page.

    Raises:
        BadInput: it is neither.
    """
    wanted = text.strip().rstrip("/")
    address = _ADDRESS.fullmatch(wanted)
    name = "/".join(address[1].split("/")[:2]) if address else wanted
    if not _ID.fullmatch(name) or ".." in name or "--" in name or name.startswith("datasets/"):
        raise BadInput(
            "This is no id of a model on the Hugging Face hub.",
            value=text.strip()[:100] or None,
            remedy="An id has an owner and a name, such as openai-community/gpt2; the address of "
            "the model's page does as well.",
        )
    return name


def endpoint() -> str:
    """The hub's address, or that of the mirror in `HF_ENDPOINT`.

    Raises:
        BadInput: `HF_ENDPOINT` is no address.
    """
    address = (os.environ.get("HF_ENDPOINT") or USUAL_ENDPOINT).strip().rstrip("/")
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise BadInput(
            "HF_ENDPOINT is no address of a hub.",
            value=address,
            remedy=f"Unset it, or set it to an address such as {USUAL_ENDPOINT}.",
        )
    return address


def listing(id: str, revision: str | None = None) -> Listing:
    """What a repository holds.

    Raises:
        BadInput: no such id, model or revision.
        NotAvailable: no network, no permission; `Broken` where another try may help.
    """
    name, wanted = id_of(id), (revision or "main").strip()
    if not _REVISION.fullmatch(wanted) or ".." in wanted:
        raise BadInput("This is no name of a revision.", value=wanted, remedy="Leave it out.")
    address = f"{endpoint()}/api/models/{name}/revision/{quote(wanted, safe='')}?blobs=true"
    with ask(address, name) as answer:
        try:
            body = answer.read(LARGEST_LISTING + 1)
            content = json.loads(body) if len(body) <= LARGEST_LISTING else None
        except (ValueError, RecursionError, OSError, http.client.HTTPException) as error:
            raise _nonsense(name) from error
    if not isinstance(content, dict) or not isinstance(content.get("siblings"), list):
        raise _nonsense(name)
    files = tuple(filter(None, map(_file, content["siblings"])))
    commit = content.get("sha")
    card = content.get("cardData")
    licence = card.get("license") if isinstance(card, dict) else None
    return Listing(
        name,
        commit if isinstance(commit, str) and re.fullmatch(r"[0-9a-f]{40}", commit) else wanted,
        files,
        licence if isinstance(licence, str) else "",
    )


def file_address(id: str, commit: str, name: str) -> str:
    return f"{endpoint()}/{id}/resolve/{quote(commit, safe='')}/{quote(name)}"


def ask(address: str, id: str, headers: Mapping[str, str] | None = None) -> Any:
    """Open an address; the answer is read by the caller and closed at the end of a `with`.

    Its `linked_etag` is the checksum that the hub told before it sent us to its storage, or "".

    Raises:
        as `listing`.
    """
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        raise NotAvailable(
            "This machine is set to stay offline (HF_HUB_OFFLINE), so nothing is fetched.",
            remedy="Unset HF_HUB_OFFLINE and start the lab again. The models that are here work.",
        )
    request = urllib.request.Request(
        address, headers={"User-Agent": "chatbot-lab", **_token(), **(headers or {})}
    )
    redirects = _Redirects()
    try:
        answer = urllib.request.build_opener(redirects).open(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        with error:
            raise complaint(error.code, error.headers, id) from error
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(error) from error
    etag = redirects.linked_etag or answer.headers.get("X-Linked-Etag") or ""
    answer.linked_etag = etag or answer.headers.get("ETag") or ""
    return answer


def complaint(status: int, headers: Mapping[str, str] | Headers, id: str) -> ChatbotError:
    """The sentence for an HTTP status that is no success."""
    code = headers.get("X-Error-Code") or ""
    if code == "GatedRepo" or status == 403:
        return NotAvailable(
            "This model is gated: its owner gives it only to people who asked for it.",
            value=id,
            remedy="Ask for access on its page, then start the lab with your access token in "
            "HF_TOKEN.",
        )
    if code == "RevisionNotFound":
        return BadInput("This model has no such revision.", value=id, remedy="Leave it out.")
    if status in (401, 404):
        return BadInput(
            "There is no such model on the hub, or it is private.",
            value=id,
            remedy="Look at the spelling: owner/name as its page shows it. For a private one, "
            "start the lab with your access token in HF_TOKEN.",
        )
    if status == 429:
        broken = Broken(
            "The hub has had too many questions from here and asks for patience.",
            value=id,
            remedy="Wait some minutes, then go on; what has arrived is kept.",
        )
        asked = headers.get("Retry-After") or ""
        broken.wait = min(float(asked), 30.0) if asked.isdigit() else 0.0
        return broken
    if status >= 500:
        return Broken(
            "The hub is out of order at the moment.",
            value=f"HTTP {status}",
            remedy="Try again in some minutes; what has arrived is kept.",
        )
    return NotAvailable("The hub refused to answer.", value=f"HTTP {status}")


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows to the storage, without the token, and never from https to http."""

    max_redirections = MOST_REDIRECTS
    linked_etag = ""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Any,
        newurl: str,
    ) -> urllib.request.Request | None:
        self.linked_etag = headers.get("X-Linked-Etag") or self.linked_etag
        before, after = urlsplit(req.full_url), urlsplit(newurl)
        if after.scheme not in ("http", "https") or (before.scheme, after.scheme) == (
            "https",
            "http",
        ):
            raise Broken("The hub sent us to an unsafe address, which was not followed.")
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is not None and before.netloc != after.netloc:
            following.remove_header("Authorization")
        return following


def _token() -> dict[str, str]:
    token = (os.environ.get("HF_TOKEN") or os.environ.get("HUGGING_FACE_HUB_TOKEN") or "").strip()
    return {"Authorization": f"Bearer {token}"} if re.fullmatch(r"[!-~]+", token) else {}


def _file(row: object) -> RemoteFile | None:
    if not isinstance(row, dict) or not isinstance(row.get("rfilename"), str):
        return None
    large = row.get("lfs")
    sha256 = large.get("sha256") if isinstance(large, dict) else None
    git, size = row.get("blobId"), row.get("size")
    return RemoteFile(
        row["rfilename"],
        size if isinstance(size, int) and size >= 0 else None,
        sha256 if isinstance(sha256, str) and re.fullmatch(r"[0-9a-f]{64}", sha256) else None,
        git if not large and isinstance(git, str) and re.fullmatch(r"[0-9a-f]{40}", git) else None,
    )


def _nonsense(id: str) -> Broken:
    return Broken("What the hub answered can't be understood.", value=id, remedy="Try again.")


def _unreachable(error: BaseException) -> Broken:
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return Broken(
            "The hub could not prove who it is, so nothing was fetched.",
            value=str(reason.verify_message),
            remedy="A proxy that reads along needs its certificate in SSL_CERT_FILE.",
        )
    if isinstance(reason, socket.gaierror | ConnectionRefusedError | TimeoutError | OSError):
        why = "timed out" if isinstance(reason, TimeoutError) else str(reason)
        return Broken(
            "The hub can't be reached: there is no network, or a proxy stands in between.",
            value=why,
            remedy="Check the connection (HTTPS_PROXY for a proxy, HF_ENDPOINT for a mirror) and "
            "go on; what has arrived is kept, and the models that are here work.",
        )
    return Broken("The connection to the hub broke off.", value=str(reason), remedy="Go on later.")
