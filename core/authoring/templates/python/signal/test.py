import json
import pathlib
import subprocess
import sys
import unittest

PLUGIN = pathlib.Path(__file__).with_name("{{name}}.py")


def said(*host):
    """What the plugin says to these lines of the host."""
    lines = "".join(json.dumps(line) + "\n" for line in host)
    run = subprocess.run([sys.executable, "-I", "-S", PLUGIN], input=lines, text=True,
                         capture_output=True, timeout=60, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


class Signal(unittest.TestCase):
    def test_reports_the_address_of_a_name(self):
        lines = said({"type": "hello", "protocol": 1, "configuration": {}},
                     {"type": "vm", "index": 0, "name": "web", "macs": []},
                     {"type": "observe", "stage": "discover", "source": "live"},
                     {"type": "answer", "text": "192.0.2.7 web # the web server"},
                     {"type": "answer", "text": "many web"},
                     {"type": "answered"})
        self.assertEqual([line["type"] for line in lines],
                         ["ready", "read-file", "observation", "done"])
        self.assertEqual(lines[2]["address"], "192.0.2.7")

    def test_what_cannot_be_read_is_unknown(self):
        lines = said({"type": "hello", "protocol": 1, "configuration": {}},
                     {"type": "vm", "index": 0, "name": "web", "macs": []},
                     {"type": "observe", "stage": "discover", "source": "live"},
                     {"type": "refused", "code": "denied", "message": "permission denied"})
        self.assertEqual(lines[2]["kind"], "unread")
        self.assertEqual(lines[2]["attributes"], {"reason": "denied"})


if __name__ == "__main__":
    unittest.main()
