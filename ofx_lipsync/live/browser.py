# SPDX-License-Identifier: Apache-2.0
"""A page on this machine alone that shows the character with its alpha: OBS' browser source.

The page reads one endless answer: for each frame its width and height, four bytes each, then its RGBA as it is. Within
one machine that costs a tenth of what packing and unpacking it would. Only 127.0.0.1 is listened at, and only requests
that name this machine are answered, so that no web site can look in.
"""

from __future__ import annotations

import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ofx_lipsync.core.errors import DeviceError
from ofx_lipsync.live.outlet import Frame, Slot

HOST = "127.0.0.1"
OURSELVES = ("127.0.0.1", "localhost")
QUIET_S = 1.0
"""Without a new frame for so long the last is sent again, so that a page that has gone is noticed."""
PAGE = """<!doctype html><meta charset="utf-8"><title>lipsync live</title>
<style>html,body{margin:0;height:100%;background:transparent;overflow:hidden}
canvas{width:100vw;height:100vh;object-fit:contain;display:block}</style><canvas></canvas><script>
const canvas = document.querySelector("canvas"), brush = canvas.getContext("2d");
const head = new Uint8Array(8), size = new DataView(head.buffer);
let frame = new ImageData(1, 1);
function show() {
  if (canvas.width !== frame.width || canvas.height !== frame.height)
    [canvas.width, canvas.height] = [frame.width, frame.height];
  brush.putImageData(frame, 0, 0);
}
async function follow() {
  const reader = (await fetch("/frames", {cache: "no-store"})).body.getReader();
  let into = head, filled = 0;
  for (;;) {
    const {done, value} = await reader.read();
    if (done) return;
    for (let at = 0; at < value.length;) {
      const count = Math.min(value.length - at, into.length - filled);
      into.set(value.subarray(at, at + count), filled);
      at += count; filled += count;
      if (filled < into.length) break;
      filled = 0;
      if (into === head) {
        const [wide, high] = [size.getUint32(0, true), size.getUint32(4, true)];
        if (frame.width !== wide || frame.height !== high) frame = new ImageData(wide, high);
        into = frame.data;
      } else { show(); into = head; }
    }
  }
}
(async () => { for (;;) { try { await follow() } catch (e) {} await new Promise(r => setTimeout(r, 500)) } })();
</script>"""


class Browser:
    """Serves a slot's frames at http://127.0.0.1:port/ from start to close."""

    def __init__(self, slot: Slot, port: int) -> None:
        self.slot = slot
        handler = type("Handler", (_Handler,), {"browser": self})
        try:
            self._server = ThreadingHTTPServer((HOST, port), handler)
        except (OSError, OverflowError) as error:
            raise DeviceError(f"live: port {port} of {HOST} cannot be opened ({error}); choose another") from None
        self._server.daemon_threads = True
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), name="browser", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self._server.server_address[1]}/"

    def close(self) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(2.0)


class _Handler(BaseHTTPRequestHandler):
    browser: Browser
    timeout = 10.0

    def do_GET(self) -> None:
        if self.headers.get("Host", "").rpartition(":")[0] not in OURSELVES:
            self.send_error(403)
        elif self.path == "/":
            self._head("text/html; charset=utf-8")
            self.wfile.write(PAGE.encode())
        elif self.path == "/frames":
            self._head("application/octet-stream")
            self._follow()
        else:
            self.send_error(404)

    def _head(self, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()

    def _follow(self) -> None:
        frame: Frame | None = None
        try:
            while not self.browser.ended.is_set():
                frame = self.browser.slot.after(frame.number if frame else -1, QUIET_S) or frame
                if frame is not None:
                    high, wide = frame.rgba.shape[:2]
                    self.wfile.write(struct.pack("<II", wide, high))
                    self.wfile.write(frame.rgba.tobytes())
        except OSError:  # the page was closed
            return

    def log_message(self, format: str, *args: Any) -> None:
        """A terminal is for what matters."""
