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


class Inventory(unittest.TestCase):
    def test_lists_the_machines_of_the_file(self):
        lines = said({"type": "hello", "protocol": 1, "configuration": {}},
                     {"type": "list"},
                     {"type": "answer", "text": "web running 52:54:00:4b:5e:57"},
                     {"type": "answer", "text": "# a remark"},
                     {"type": "answer", "text": "db"},
                     {"type": "answered"})
        self.assertEqual([line["type"] for line in lines],
                         ["ready", "read-file", "machine", "machine", "done"])
        self.assertEqual(lines[2]["state"], "running")
        self.assertNotIn("state", lines[3])

    def test_a_list_that_cannot_be_read_fails(self):
        lines = said({"type": "hello", "protocol": 1, "configuration": {}},
                     {"type": "list"},
                     {"type": "refused", "code": "denied", "message": "permission denied"})
        self.assertEqual(lines[2]["code"], "denied")


if __name__ == "__main__":
    unittest.main()
