# SPDX-License-Identifier: Apache-2.0
"""A `darkroom serve` for scripts that load it or break it, and a client for it. Standard library only."""

import argparse
import asyncio
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TINY_MODEL = ROOT / "Tests/StableDiffusionTests/Fixtures/tiny/diffusers"


def arguments(description, **defaults):
    """The options that all these scripts have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--darkroom", default=str(ROOT / ".build/release/darkroom"), help="the executable")
    parser.add_argument("--model", default=defaults.get("model", "embedded"))
    return parser


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """A server on a database of its own."""

    def __init__(self, darkroom, *options, model="embedded", keep=None):
        self.directory = pathlib.Path(keep or tempfile.mkdtemp(prefix="darkroom-"))
        self.darkroom = darkroom
        self.host = "127.0.0.1"
        self.port = free_port()
        self.database = f"sqlite:{self.directory}/darkroom.sqlite"
        self.options = list(options)
        self.model = str(model)
        self.key = None
        self.process = None

    def start(self):
        with open(self.directory / "output", "ab") as output, open(self.directory / "errors", "ab") as errors:
            self.process = subprocess.Popen(
                [self.darkroom, "serve", "--model", self.model, "--port", str(self.port), "--database", self.database,
                 "--min-side", "8", "--log-format", "json", *self.options],
                stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended: {(self.directory / 'errors').read_text()[-2000:]}")
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1):
                    break
            except OSError:
                time.sleep(0.02)
        while self.key is None and "none" not in self.options and time.monotonic() < end:
            lines = (self.directory / "output").read_text().splitlines()
            self.key = next((line for line in lines if line.startswith("dk_")), None)
            time.sleep(0.02)
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        return self.process.wait()

    def workers(self):
        """The process ids of the workers on this database, whoever started them."""
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_bytes().split(b"\0")
            except OSError:
                continue
            if b"worker" in words and f"--database={self.database}".encode() in words:
                found.append(int(path.parent.name))
        return found

    def kill_workers(self):
        pids = self.workers()
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return len(pids)

    def doctor(self):
        """None if the books balance, else what is wrong."""
        run = subprocess.run([self.darkroom, "doctor", "--model", self.model, "--database", self.database],
                             capture_output=True, text=True)
        return None if run.returncode == 0 else run.stdout + run.stderr


def resident(pid):
    """Resident memory of a process in MiB: all of it, and what is its own. None if it is gone."""
    try:
        fields = dict(line.split(":", 1) for line in open(f"/proc/{pid}/status"))
        return tuple(int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon"))
    except (OSError, KeyError):
        return None


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class Client:
    """One connection that is kept open, and opened again when it is lost."""

    def __init__(self, server):
        self.server = server
        self.streams = None

    async def send(self, method, path, fields=None, headers=None, key=True):
        """Sends a request; raises OSError or asyncio.IncompleteReadError when the connection is lost."""
        try:
            return await self._send(method, path, fields, headers or {}, key)
        except (OSError, EOFError):
            self.close()
            raise
        except asyncio.CancelledError:
            self.close()
            raise

    async def _send(self, method, path, fields, headers, key):
        if self.streams is None:
            self.streams = await asyncio.open_connection(self.server.host, self.server.port)
        reader, writer = self.streams
        body = b"" if fields is None else (fields if isinstance(fields, bytes) else json.dumps(fields).encode())
        head = [f"{method} {path} HTTP/1.1", f"Host: {self.server.host}", f"Content-Length: {len(body)}"]
        if fields is not None:
            head.append("Content-Type: application/json")
        if key and self.server.key:
            head.append(f"x-api-key: {self.server.key}")
        head += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        await writer.drain()
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        found = {}
        for line in lines[1:]:
            if line:
                name, value = line.split(":", 1)
                found[name.lower()] = value.strip()
        if "chunked" in found.get("transfer-encoding", ""):
            data = b""
            while size := int((await reader.readline()).strip(), 16):
                data += await reader.readexactly(size)
                await reader.readline()
            await reader.readline()
        else:
            data = await reader.readexactly(int(found.get("content-length", 0)))
        if found.get("connection") == "close":
            self.close()
        return Answer(int(lines[0].split()[1]), found, data)

    async def persistently(self, method, path, fields=None, headers=None):
        """Sends a request until it is answered: the server is away at times."""
        end = time.monotonic() + 120
        while True:
            try:
                return await self.send(method, path, fields, headers)
            except (OSError, EOFError):
                if time.monotonic() > end:
                    raise
                await asyncio.sleep(0.05)

    def close(self):
        if self.streams:
            self.streams[1].close()
            self.streams = None
