"""A WHEP server that is not ours: Debian's Janus (in C) behind npm's janus-whep-server.

Janus pulls a camera by RTSP and passes its packets on. Used by tests and benchmarks/live.py.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

GLUE = "janus-whep-server@1.1.0"

_CORE = """
general: {{
  configs_folder = "{folder}"
  plugins_folder = "{library}/plugins"
  transports_folder = "{library}/transports"
  debug_level = 3
}}
plugins: {{ disable = "{other_plugins}" }}
transports: {{ disable = "{other_transports}" }}
nat: {{ ice_lite = true }}
loggers: {{ disable = "libjanus_jsonlog.so" }}
"""
_WEBSOCKETS = """
general: {{ ws = true, ws_port = {port}, ws_ip = "127.0.0.1", wss = false }}
admin: {{ admin_ws = false, admin_wss = false }}
"""
_MOUNTPOINT = """
camera-{number}: {{
  id = {number}
  type = "rtsp"
  url = "{url}"
  audio = false
  video = true
  videocodec = "h264"
  videopt = {payload_type}
  videofmtp = "profile-level-id=42e01f;packetization-mode=1"
}}
"""
_GLUE = """
import {{ JanusWhepServer }} from "janus-whep-server";
import Streaming from "janode/plugins/streaming";

// What answers `offer`, with the addresses, keys and streams of `other`.
function answer(offer, other, payloadType, setup, direction) {{
  const of = (sdp, pattern) => sdp.split("\\r\\n").filter((line) => line.match(pattern));
  const mid = of(offer, /^a=mid:/)[0];
  return [
    "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", `a=group:BUNDLE ${{mid.slice(6)}}`,
    ...of(other, /^a=(ice-lite|msid-semantic)/),
    `m=video 9 UDP/TLS/RTP/SAVPF ${{payloadType}}`, "c=IN IP4 0.0.0.0", mid, `a=${{direction}}`, "a=rtcp-mux",
    `a=setup:${{setup}}`, ...of(other, /^a=(ice-ufrag|ice-pwd|fingerprint|candidate|end-of|msid:|ssrc:)/),
    ...of(offer, `^a=(rtpmap|fmtp|rtcp-fb):${{payloadType}} `), "",
  ].join("\\r\\n");
}}

// Debian's Janus makes offers only (newer ones take them): two offers are made two answers.
const {{ watch, start }} = Streaming.Handle.prototype;
Streaming.Handle.prototype.watch = async function ({{ id, jsep }}) {{
  const offered = await watch.call(this, {{ id }});
  const theirs = answer(offered.jsep.sdp, jsep.sdp, {payload_type}, "active", "recvonly");
  await start.call(this, {{ jsep: {{ type: "answer", sdp: theirs }} }});
  const ours = answer(jsep.sdp, offered.jsep.sdp, {payload_type}, "passive", "sendonly");
  return {{ ...offered, jsep: {{ type: "answer", sdp: ours }} }};
}};

const server = new JanusWhepServer({{
  janus: {{ address: "ws://127.0.0.1:{janus}" }},
  rest: {{ port: {port}, basePath: "/whep" }},
}});
await server.start();
for (const number of {numbers}) server.createEndpoint({{ id: `camera-${{number}}`, mountpoint: number }});
"""


@dataclass(frozen=True)
class Janus:
    """A running server; camera 7 is at `address.format(camera=7)`."""

    address: str
    process: subprocess.Popen[bytes]  # of Janus, that sends the pictures


def missing() -> str | None:
    """Why the server cannot run on this machine, or None."""
    if shutil.which("janus") is None:
        return "Debian's janus is not installed: run make test as root"
    return "npm is not installed: run make test as root" if shutil.which("npm") is None else None


def install_glue(folder: Path) -> None:
    """Fetches janus-whep-server into `folder`, by npm.

    Raises:
        subprocess.CalledProcessError: npm cannot have it; its `stderr` says why.
    """
    (folder / "package.json").write_text(json.dumps({"private": True, "type": "module"}))
    command = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefer-offline", GLUE]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)


@contextlib.contextmanager
def running_janus(folder: Path, cameras: Mapping[int, str], payload_type: int) -> Iterator[Janus]:
    """The server with these cameras (number: RTSP address); the glue must be in `folder` already."""
    janus_port, port = _free_ports()
    _configure(folder, janus_port, cameras, payload_type)
    log = (folder / "log").open("ab")
    janus = subprocess.Popen(["janus", "-F", str(folder)], stdout=log, stderr=log)
    glue: subprocess.Popen[bytes] | None = None
    try:
        _await_port(janus_port, janus)
        script = folder / "glue.js"
        glue_text = _GLUE.format(
            janus=janus_port, port=port, numbers=list(cameras), payload_type=payload_type
        )
        script.write_text(glue_text)
        glue = subprocess.Popen(["node", str(script)], cwd=folder, stdout=log, stderr=log)
        _await_port(port, glue)
        yield Janus(f"http://127.0.0.1:{port}/whep/endpoint/camera-{{camera}}", janus)
    finally:
        for process in (glue, janus):
            if process is not None:
                process.kill()
                process.wait()
        log.close()


def _configure(folder: Path, port: int, cameras: Mapping[int, str], payload_type: int) -> None:
    library = next(Path("/usr/lib").glob("*/janus"))
    others = {
        kind: ",".join(sorted(file.name for file in (library / kind).glob("*.so") if wanted not in file.name))
        for kind, wanted in (("plugins", "streaming"), ("transports", "websockets"))
    }
    core = _CORE.format(
        folder=folder,
        library=library,
        other_plugins=others["plugins"],
        other_transports=others["transports"],
    )
    (folder / "janus.jcfg").write_text(core)
    (folder / "janus.transport.websockets.jcfg").write_text(_WEBSOCKETS.format(port=port))
    mountpoints = (
        _MOUNTPOINT.format(number=number, url=url, payload_type=payload_type)
        for number, url in cameras.items()
    )
    (folder / "janus.plugin.streaming.jcfg").write_text("".join(mountpoints))


def _free_ports() -> list[int]:
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in (one, other)]


def _await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not come up")
