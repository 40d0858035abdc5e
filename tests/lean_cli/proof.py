"""The command line of LEAN's vendor, beside ours: it asks a stand-in of the engine for the same things, so that its
command files can be compared with ours and it reads the stand-in's answers.

    python tests/lean_cli/proof.py cli SCRATCH ENGINE CONTAINER     runs its commands against the folder ENGINE
    python tests/lean_cli/proof.py cloud SCRATCH TOKEN              runs those for the cloud against a stand-in of its API
    python tests/lean_cli/proof.py engine ENGINE LOG                is an engine for ours, until it is ended
    python tests/lean_cli/proof.py push PORT_FILE PACKETS           sends each line of PACKETS from a bound PUSH socket

There is neither Docker nor LEAN: a loopback server answers what the vendor's client asks of Docker's API, and a script
named `docker` runs what it would run in the container in the folder ENGINE. With QC_API=local its commands for the cloud go
to http://localhost:5612/api/v2/, where the stand-in listens.
"""

import http.server
import json
import os
import pathlib
import subprocess
import sys
import sysconfig
import threading
import time

# In the order of `ours` in tests/it/lean/cli.rs.
COMMANDS = [
    ["liquidate"],
    ["liquidate", "--ticker", "AAPL", "--market", "usa", "--security-type", "equity"],
    ["submit-order", "--ticker", "AAPL", "--market", "usa", "--security-type", "equity", "--order-type", "limit",
     "--quantity", "-10.5", "--limit-price", "187.25", "--tag", "x"],
    ["submit-order", "--ticker", "SPY", "--market", "usa", "--security-type", "equity", "--order-type", "market",
     "--quantity", "10"],
    ["submit-order", "--ticker", "SPY", "--market", "usa", "--security-type", "equity", "--order-type", "stopMarket",
     "--quantity", "3", "--stop-price", "590", "--tag", "stop"],
    ["submit-order", "--ticker", "SPY", "--market", "usa", "--security-type", "equity", "--order-type", "stopLimit",
     "--quantity", "3", "--stop-price", "590", "--limit-price", "591.25", "--tag", "both"],
    ["cancel-order", "--order-id", "7"],
    ["update-order", "--order-id", "7", "--limit-price", "188.5"],
    ["update-order", "--order-id", "8", "--quantity", "2.5", "--stop-price", "0.0001"],
    ["add-security", "--ticker", "BTCUSD", "--market", "coinbase", "--security-type", "crypto", "--resolution", "second"],
    ["command", "--data", json.dumps({"$type": "MyCommand", "text": "hi"})],
    ["stop"],
]

# In the order of `cloud-requests.jsonl`, which says what each of them sends.
CLOUD = [
    ["status", "Mine"],
    ["live", "command", "Mine", "--data", json.dumps({"$type": "MyCommand", "text": "hi"})],
    ["live", "broadcast", "--data", json.dumps({"target": "x"})],
    ["live", "broadcast", "--data", json.dumps({"target": "y"}), "--organization", "org0", "--exclude-project", "Mine"],
    ["live", "liquidate", "Mine"],
    ["live", "stop", "Mine"],
]


def docker_api(container):
    details = {
        "Id": container[-32:] * 2, "Name": "/" + container, "Created": "2026-11-20T12:58:30Z", "Image": "sha256:" + "0" * 64,
        "State": {"Status": "running", "Running": True}, "Config": {"Labels": {}, "Image": "quantconnect/lean"},
    }
    row = {"Id": details["Id"], "Names": [details["Name"]], "Image": "quantconnect/lean", "State": "running", "Labels": {}}

    class Docker(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            path = self.path.split("?")[0]
            if path.endswith("/_ping"):
                body = b"OK"
            elif path.endswith("/version"):
                body = json.dumps({"ApiVersion": "1.43", "MinAPIVersion": "1.24", "Version": "24.0.0"}).encode()
            elif path.endswith("/containers/json"):
                body = json.dumps([row]).encode()
            elif "/containers/" in path:
                body = json.dumps(details).encode()
            else:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Docker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def settle_in(scratch, engine, container, token="invented"):
    """A home in which it asks the network for nothing, a project, and a `docker` of ours."""
    # It wants a list from its maker's servers that is younger than a day.
    write(pathlib.Path(sysconfig.get_paths()["purelib"]) / "lean" / "modules-1.14.json", '{"modules": []}')
    home, now = scratch / "home", time.time()
    write(home / ".lean/credentials", json.dumps({"user-id": "1", "api-token": token}))
    write(home / ".lean/config", json.dumps({"database-update-frequency": "0"}))
    cache = {"last-update-check-announcements": now, "last-update-check-cli": now}
    write(home / ".lean/cache", json.dumps(cache))
    work = scratch / "work"
    lean = {"data-folder": "data", "file-database-last-update": time.strftime("%m/%d/%Y %H:%M:%S"), "organization-id": "org0"}
    write(work / "lean.json", json.dumps(lean))
    (work / "data").mkdir(exist_ok=True)
    write(work / "Mine/config.json", json.dumps({"algorithm-language": "Python", "parameters": {}, "local-id": 1}))
    write(work / "Mine/main.py", "")
    live = work / "Mine/live/2026-11-20_07-58-30"
    write(live / "log.txt", "")
    write(live / "config", json.dumps({"id": 3123456789, "container": container, "brokerage": "PaperBrokerage"}))
    docker = write(scratch / "bin/docker", f"""#!/bin/sh
case "$1" in
  inspect) echo true; exit 0;;
  exec) shift; [ "$1" = -i ] && shift; [ "$1" = {container} ] || exit 1; shift; cd {engine} || exit 1; exec "$@";;
esac
exit 2
""")
    docker.chmod(0o755)
    return home, work


def cli(scratch, engine, container):
    home, work = settle_in(scratch, engine, container)
    program = pathlib.Path(sys.executable).parent / "lean"
    env = {
        "HOME": str(home), "PATH": f"{scratch / 'bin'}:{os.environ['PATH']}", "LANG": "C.UTF-8", "NO_COLOR": "1",
        "DOCKER_HOST": f"tcp://127.0.0.1:{docker_api(container)}",
    }
    failed = 0
    for command in COMMANDS:
        # It names its files by the second, and two in one would overwrite each other.
        time.sleep(1.05)
        run = [program, "live", command[0], "Mine", *command[1:]]
        done = subprocess.run(run, cwd=work, env=env, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            failed += 1
            print(f"FAILED {' '.join(command)}\n{done.stdout}{done.stderr}")
    print(f"{len(COMMANDS) - failed} passed, {failed} failed")
    return 1 if failed else 0


def cloud(scratch, token):
    """What it says stands in the output, for who reads whether it understood the stand-in's answers."""
    home, work = settle_in(scratch, scratch, "none", token)
    program = pathlib.Path(sys.executable).parent / "lean"
    env = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "NO_COLOR": "1", "QC_API": "local"}
    failed = 0
    for command in CLOUD:
        done = subprocess.run([program, "cloud", *command], cwd=work, env=env, capture_output=True, text=True, timeout=60)
        print(f"lean cloud {' '.join(command[:2])}: {done.returncode}\n{done.stdout}{done.stderr}")
        failed += done.returncode != 0
    print(f"{len(CLOUD) - failed} passed, {failed} failed")
    return 1 if failed else 0


def engine(folder, log):
    """Reads, deletes, runs and answers, as LEAN's FileCommandHandler does; each command is a line of the log."""
    log.touch()
    while True:
        for path in sorted(folder.glob("command*.json")):
            command = json.loads(path.read_text())
            path.unlink()
            with log.open("a") as lines:
                lines.write(json.dumps(command) + "\n")
            name = next(command[k] for k in command if k.lower() == "id")
            kind = command["$type"].split(",")[0].split(".")[-1]
            answer = {"CommandName": kind, "Success": True, "Type": "CommandResult", "Channel": ""}
            (folder / f"result-command-{name}.json").write_text(json.dumps(answer))
        time.sleep(0.02)


def push(port_file, packets):
    """As NetMQ does it in LEAN, by the library that both descend from."""
    import zmq

    socket = zmq.Context().socket(zmq.PUSH)
    port_file.write_text(str(socket.bind_to_random_port("tcp://127.0.0.1")))
    for packet in packets.read_text().splitlines():
        socket.send(packet.encode())
        # What comes in a burst after connecting is taken for a queue's old news.
        time.sleep(0.4)
    time.sleep(60)


def main():
    mode, first, second, *rest = sys.argv[1:]
    if mode == "cli":
        return cli(pathlib.Path(first), pathlib.Path(second), rest[0])
    if mode == "cloud":
        return cloud(pathlib.Path(first), second)
    if mode == "push":
        return push(pathlib.Path(first), pathlib.Path(second))
    return engine(pathlib.Path(first), pathlib.Path(second))


if __name__ == "__main__":
    sys.exit(main())
