"""A signal: the DHCP leases of an OpenWrt router, which its web interface's `ubus` tells."""

import json
import sys
import urllib.request

NOBODY = "0" * 32  # the session of somebody who has not logged in
LONGEST_REPLY = 1 << 20


def say(type, **fields):
    print(json.dumps({"type": type, **fields}), flush=True)


class Router:
    def __init__(self, configuration):
        self.url = configuration["url"].rstrip("/") + "/ubus"
        self.login = {"username": configuration["user"], "password": configuration["password"]}

    def leases(self, seconds):
        """Each lease as the router writes it."""
        session = self.call(NOBODY, "session", "login", self.login, seconds)["ubus_rpc_session"]
        reply = self.call(session, "luci-rpc", "getDHCPLeases", {"family": 4}, seconds)
        return reply.get("dhcp_leases", [])

    def call(self, session, object, method, arguments, seconds):
        question = {"jsonrpc": "2.0", "id": 1, "method": "call",
                    "params": [session, object, method, arguments]}
        body = json.dumps(question).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=seconds) as reply:
            result = json.loads(reply.read(LONGEST_REPLY)).get("result", [2])
        if result[0] != 0:
            raise PermissionError(f"the router refuses {object} {method} (status {result[0]})")
        return result[1]


def observe(router, vms, seconds):
    try:
        leases = router.leases(seconds)
    except Exception as error:  # whatever a router answers, each machine gets its reason
        for vm in vms:
            say("observation", vm=vm["index"], kind="unread", says=f"{router.url}: {error}",
                attributes={"reason": "failed"})
        return
    for vm in vms:
        macs = {mac.lower() for mac in vm.get("macs", [])}
        if not macs:
            say("observation", vm=vm["index"], kind="unread", says="the VM has no MAC",
                attributes={"reason": "not-tried"})
        for lease in leases:
            if lease.get("macaddr", "").lower() in macs:
                name = lease.get("hostname") or "a machine without a name"
                say("observation", vm=vm["index"], kind="openwrt.lease", address=lease["ipaddr"],
                    mac=lease["macaddr"], says=f"the router's lease for {name}")


def main():
    router, vms = None, []
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "hello":
            try:
                router = Router(message["configuration"])
            except (KeyError, AttributeError) as error:
                say("failed", code="configuration", message=f"the configuration lacks {error}")
                return
            say("ready", protocol=1)
        elif message["type"] == "vm":
            vms.append(message)
        elif message["type"] == "observe":
            if message["source"] != "snapshot":
                # Two questions fit into the call's time.
                observe(router, vms, message["budget_ms"] / 2500)
            say("done")
            vms = []


main()
