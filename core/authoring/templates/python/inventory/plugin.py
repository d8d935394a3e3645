"""An inventory: it lists the VMs of one manager. Its id is the manager's name.

This one reads a list of `NAME STATE MAC` lines in the user's home directory. Replace it by the files of your
manager.
"""
import json
import sys

LIST = "{home}/.{{name}}/machines"


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
            return [], message


def machine(words):
    """One machine. What the list does not say stays unknown; vmkit shows that as such."""
    fields = {"id": words[0], "name": words[0]}
    if len(words) > 1 and words[1] in ("running", "paused", "stopped", "missing"):
        fields["state"] = words[1]
    if len(words) > 2:
        fields["cards"] = [{"mac": words[2]}]
    return fields


def list_machines():
    lines, missing = read_lines(LIST)
    if missing and missing.get("code") != "not-found":
        say("failed", code=missing.get("code", "failed"), message=missing.get("message", "no answer"))
        return
    for line in lines:
        words = line.split("#")[0].split()
        if words:
            say("machine", **machine(words))
    say("done")


def main():
    while (message := hear())["type"] != "end":
        if message["type"] == "hello":
            # The manifest's `config_schema` says what can be configured: nothing, so far.
            if unknown := ", ".join(message["configuration"]):
                say("failed", code="configuration", message=f"it knows no {unknown}")
            else:
                say("ready", protocol=1)
        elif message["type"] == "list":
            list_machines()


if __name__ == "__main__":
    main()
