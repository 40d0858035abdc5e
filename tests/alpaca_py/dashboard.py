"""A dashboard in a terminal of its own, and what is on its screen."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import termios
import threading
from pathlib import Path

import pyte

COLUMNS, LINES = 160, 48
PATIENCE_S = 30


class Dashboard:
    """`tradedeck` on the account at `address`, as any configured venue of the vendor's kind."""

    def __init__(self, binary, folder, address, more=()):
        folder = Path(folder)
        folder.mkdir()
        config = folder / "config.toml"
        config.touch(mode=0o600)
        # The vendor lets one connection into each of its feeds: this one leaves the first to the vendor's own client.
        wanted = {**address, "data_stream_url": address["data_stream_url"].replace("/v2/iex", "/v2/sip")}
        lines = ["[venues.proof]", 'kind = "alpaca"', *(f'{name} = "{value}"' for name, value in wanted.items())]
        config.write_text("\n".join([*lines, "[watchlist]", 'symbols = ["SPY"]', *more, ""]))
        self.shell = [binary, "--config", str(config), "--state", str(folder / "state")]
        self.screen = pyte.Screen(COLUMNS, LINES)
        self.stream = pyte.ByteStream(self.screen)
        self.lock = threading.Lock()
        self.master, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            self.shell,
            stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"},
        )
        os.close(terminal)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            try:
                drawn = os.read(self.master, 65536)
            except OSError:
                return
            if not drawn:
                return
            with self.lock:
                self.stream.feed(drawn)

    def lines(self):
        assert self.process.poll() is None, f"the dashboard ended with {self.process.returncode}:\n{self.text()}"
        return self.text().splitlines()

    def text(self):
        with self.lock:
            return "\n".join(self.screen.display)

    def told(self, *words):
        """What the shell answers beside it, as JSON."""
        done = subprocess.run([*self.shell, "--json", *words], capture_output=True, text=True, timeout=4 * PATIENCE_S)
        assert done.returncode == 0, f"{' '.join(words)} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def end(self):
        self.process.terminate()
        try:
            return self.process.wait(timeout=PATIENCE_S)
        finally:
            if self.process.poll() is None:
                self.process.kill()
