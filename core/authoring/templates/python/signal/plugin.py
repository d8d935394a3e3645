"""A signal: it reports what one source says of the VMs' addresses.

This one looks up the VMs' names in /etc/hosts. Replace the source by your own.
"""
import ipaddress
import json
import sys

HOSTS = "/etc/hosts"


def say(type, **fields):
    print(json.dumps({"type": type, **fields}), flush=True)


def hear():
    line = sys.stdin.readline()
    return json.loads(line) if line else {"type": "end"}


def read_lines(path):
    """The lines of a file, and why there are none. The host opens it, because the manifest declares it."""
    say("read-file", path=path, by_line=True)
    lines = []
    while True:
        message = hear()
        if message["type"] == "answer":
            lines.append(message.get("text", ""))
        elif message["type"] == "answered":
            return lines, None
        elif message["type"] in ("refused", "end"):
            return [], message.get("code", "failed")


def addresses(lines, name):
    """The addresses that these lines have for this name."""
    for line in lines:
        address, *names = line.split("#")[0].split() or [""]
        if name in names:
            try:
                yield str(ipaddress.ip_address(address))
            except ValueError:
                pass


def observe(vms):
    lines, missing = read_lines(HOSTS)
    for vm in vms:
        if missing:
            # What cannot be read is unknown, which is not the same as "no address".
            reason = {"not-found": "not-tried"}.get(missing, missing)
            say("observation", vm=vm["index"], kind="unread", says=f"{HOSTS} cannot be read",
                attributes={"reason": reason})
        for address in addresses(lines, vm["name"]):
            say("observation", vm=vm["index"], kind="dns-address", address=address,
                says=f"{HOSTS} has {address} for it")


def main():
    vms = []
    while (message := hear())["type"] != "end":
        if message["type"] == "hello":
            # The manifest's `config_schema` says what can be configured: nothing, so far.
            if unknown := ", ".join(message["configuration"]):
                say("failed", code="configuration", message=f"it knows no {unknown}")
            else:
                say("ready", protocol=1)
        elif message["type"] == "vm":
            vms.append(message)
        elif message["type"] == "observe":
            if message.get("source") != "snapshot":
                observe(vms)
            vms = []
            say("done")


if __name__ == "__main__":
    main()
