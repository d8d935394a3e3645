"""An inventory: the virtual machines that NetBox documents, by its REST API.

https://netboxlabs.com/docs/netbox/integrations/rest-api/ describes the API.
"""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request

LONGEST_REPLY = 8 << 20
MOST_PAGES = 50
# NetBox says what is meant to be. Whether an active machine runs, nobody has looked.
STOPPED = {"offline", "planned", "staged"}


def say(type, **fields):
    print(json.dumps({"type": type, **fields}), flush=True)


class NetBox:
    def __init__(self, configuration):
        self.url = configuration["url"].rstrip("/")
        self.token = configuration["token"]
        self.filter = configuration.get("filter", {})

    def all(self, path, query, seconds):
        """All objects of a list, page after page."""
        url = f"{self.url}/api/{path}/?" + urllib.parse.urlencode({"limit": 200, **query}, doseq=True)
        for _ in range(MOST_PAGES):
            # The token goes to the server that the user has named and to no other.
            if not url.startswith(self.url + "/"):
                raise ValueError(f"the next page is elsewhere: {url}")
            headers = {"Authorization": f"Token {self.token}", "Accept": "application/json"}
            request = urllib.request.Request(url, headers=headers)
            with OPENER.open(request, timeout=seconds) as reply:
                page = json.loads(reply.read(LONGEST_REPLY))
            yield from page["results"]
            url = page["next"]
            if not url:
                return


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token to another server."""

    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))


def mac_of(interface):
    # Since NetBox 4.2 a MAC is an object of its own.
    primary = interface.get("primary_mac_address") or {}
    return interface.get("mac_address") or primary.get("mac_address")


def machine(vm, interfaces):
    addresses = [vm.get(key) for key in ("primary_ip4", "primary_ip6")]
    fields = {
        "id": str(vm["id"]),
        "name": vm["name"],
        "addresses": [each["address"].split("/")[0] for each in addresses if each],
        "cards": [{"mac": mac_of(each)} for each in interfaces if mac_of(each)],
    }
    if (vm.get("status") or {}).get("value") in STOPPED:
        fields["state"] = "stopped"
    return fields


def listed(netbox, seconds):
    vms = list(netbox.all("virtualization/virtual-machines", netbox.filter, seconds))
    interfaces = {}
    for each in netbox.all("virtualization/interfaces", {}, seconds):
        interfaces.setdefault(each["virtual_machine"]["id"], []).append(each)
    return [machine(vm, interfaces.get(vm["id"], [])) for vm in vms]


def answer(netbox, budget_ms):
    try:
        # Four requests fit into the call's time.
        machines = listed(netbox, budget_ms / 4500)
    except urllib.error.HTTPError as error:
        code = "denied" if error.code in (401, 403) else "other"
        say("failed", code=code, message=f"{netbox.url} answers {error.code} {error.reason}")
    except Exception as error:  # a server may answer anything
        say("failed", message=f"{netbox.url}: {error}")
    else:
        for each in machines:
            say("machine", **each)
        say("done")


def main():
    netbox = None
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "hello":
            try:
                netbox = NetBox(message["configuration"])
            except (KeyError, AttributeError) as error:
                say("failed", code="configuration", message=f"the configuration lacks {error}")
                return
            say("ready", protocol=1)
        elif message["type"] == "list":
            answer(netbox, message["budget_ms"])


main()
