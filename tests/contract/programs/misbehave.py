"""A signal that misbehaves as configured, in every way in which a program can harm its host."""

import json
import os
import sys
import threading
import time


def say(type, **fields):
    print(json.dumps({"type": type, **fields}), flush=True)


def hear():
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    return json.loads(line)


def fact(vm):
    say("observation", vm=vm, kind="console-address", address="192.168.1.9", says="a fact")


def ask(type, **fields):
    """The answers to a question, or the refusal."""
    say(type, **fields)
    answers = []
    while True:
        line = hear()
        if line["type"] == "answer":
            answers.append(line)
        elif line["type"] == "answered":
            return answers
        elif line["type"] == "refused":
            return f'{line["code"]}: {line["message"]}'


def attempt(what, action):
    try:
        action()
    except BaseException as error:
        name = getattr(error, "errno", None)
        return (what, os.strerror(name) if name else type(error).__name__)
    return (what, "succeeded")


def forbidden():
    """Tries what no manifest lets a plugin do, or not this one."""
    import ctypes
    import socket

    libc = ctypes.CDLL(None, use_errno=True)

    def call(name, *arguments):
        def run():
            if getattr(libc, name)(*arguments) < 0:
                raise OSError(ctypes.get_errno(), name)

        return run

    def reads(path):
        return lambda: open(path, "rb").read(1)

    def start(*words):
        return lambda: os.posix_spawn(words[0], words, {})

    def fork(call):
        def run():
            if call() == 0:
                os._exit(0)

        return run

    def execveat():
        # What this process is, what loaded it, and a file that it may read.
        names = ["/proc/self/exe", "/lib64/ld-linux-x86-64.so.2", "/usr/lib/os-release"]
        for name in names + ["/dev/fd/3"]:
            words = (ctypes.c_char_p * 2)(name.encode(), None)
            number = {"x86_64": 322, "aarch64": 281}[os.uname().machine]
            libc.syscall(number, -100, name.encode(), words, words, 0)
            if ctypes.get_errno() not in (1, 38):
                raise RuntimeError(f"{name}: {os.strerror(ctypes.get_errno())}")
        raise OSError(38, "execveat")

    parent = os.getppid()
    me = os.getpid()
    attempts = [
        attempt("read /etc/passwd", reads("/etc/passwd")),
        attempt("read /etc/shadow", reads("/etc/shadow")),
        attempt("read a key of SSH", reads(os.environ.get("KEY", "/root/.ssh/id_ed25519"))),
        attempt("read the manifest", reads(MANIFEST)),
        attempt("read the memory of its worker", reads(f"/proc/{parent}/mem")),
        attempt("read the environment of its worker", reads(f"/proc/{parent}/environ")),
        attempt("list /", lambda: os.listdir("/")),
        attempt("list /tmp", lambda: os.listdir("/tmp")),
        attempt("list the processes", lambda: os.listdir("/proc")),
        attempt("write a file", lambda: open("/tmp/vmkit-misbehave", "w")),
        attempt("write into its directory", lambda: open(MANIFEST + ".new", "w")),
        attempt("make a directory", lambda: os.mkdir("/tmp/vmkit-misbehave.d")),
        attempt("remove the manifest", lambda: os.unlink(MANIFEST)),
        attempt("change its program", lambda: os.write(3, b"x")),
        attempt("shorten its program", lambda: os.ftruncate(3, 0)),
        attempt("write memory as a file", lambda: os.memfd_create("x")),
        attempt("open the terminal", reads("/dev/tty")),
        attempt("open a disk", reads("/dev/vda")),
        attempt("run a shell", lambda: os.execv("/bin/sh", ["sh", "-c", "exit 0"])),
        attempt("run itself again", lambda: os.execv("/proc/self/exe", ["x"])),
        attempt("run a program by a descriptor", execveat),
        attempt("spawn a program", start("/bin/true")),
        attempt("fork", fork(os.fork)),
        attempt("fork into a terminal", fork(os.forkpty)),
        attempt("have namespaces of its own", call("unshare", 0x10000000)),
        attempt("signal its worker", lambda: os.kill(parent, 0)),
        attempt("signal itself", lambda: os.kill(me, 0)),
        attempt("signal everybody", lambda: os.kill(-1, 0)),
        attempt("trace its worker", call("ptrace", 16, parent, 0, 0)),
        attempt("read memory of its worker by a call", call("process_vm_readv", parent, 0, 0, 0, 0, 0)),
        attempt("leave the session", lambda: os.setsid()),
        attempt("leave the group", lambda: os.setpgid(0, 0)),
        attempt("outlive its worker", call("prctl", 1, 0)),
        attempt("let others read its memory", call("prctl", 4, 1)),
        attempt("be another user", lambda: os.setuid(0)),
        attempt("raise a limit", lambda: __import__("resource").setrlimit(0, (1 << 40, 1 << 40))),
        attempt("limit its worker", lambda: __import__("resource").prlimit(parent, 7, (0, 0))),
        attempt("use the socket of its worker", lambda: descriptors()),
        attempt("open a TCP socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)),
        attempt("open a UDP socket", lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)),
        attempt("open a raw socket", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)),
        attempt("open a netlink socket", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)),
        attempt("open a socket that connects to paths", lambda: socket.socket(socket.AF_UNIX)),
    ]
    if os.geteuid() == 0:
        attempts.append(("be root", "succeeded"))
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    done = [what for what, outcome in attempts if outcome == "succeeded"]
    say("observation", vm=0, kind="said", says="succeeded: " + ", ".join(done))
    odd = [f"{what} ({outcome})" for what, outcome in attempts
           if outcome not in REFUSALS and outcome != "succeeded"]
    say("observation", vm=0, kind="said", says="odd: " + ", ".join(odd))


# What the kernel says where it refuses: no right, no such call, over a limit; Python names the limits
# that cannot be raised itself.
REFUSALS = [os.strerror(number) for number in (1, 13, 38, 27)] + ["ValueError"]


def descriptors():
    """The descriptors beside the four that a program has."""
    found = []
    for number in range(4, 1024):
        try:
            os.fstat(number)
            found.append(number)
        except OSError:
            pass
    if not found:
        raise OSError(1, "none")


def endless(text):
    while True:
        sys.stdout.write(text)
        sys.stdout.flush()


def misbehave(how, vms):
    if how == "exit":
        os._exit(0)
    if how == "exit-3":
        print("something is wrong\n", file=sys.stderr, flush=True)
        os._exit(3)
    if how == "exception":
        raise KeyError("x")
    if how == "abort":
        os.abort()
    if how == "hang":
        while True:
            time.sleep(60)
    if how == "dawdle":
        while hear()["type"] != "cancel":
            pass
        say("failed", code="timed-out", message="it was cancelled")
        return
    if how == "late":
        while hear()["type"] != "cancel":
            pass
        say("done")
    if how == "leave-a-thread":
        threading.Thread(target=hear_nothing, daemon=True).start()
    if how == "flood":
        while True:
            fact(0)
    if how == "flood-log":
        while True:
            say("log", level="error", message="x")
    if how == "flood-unknown":
        endless('{"type":"sing","song":"%s"}\n' % ("x" * 4096))
    if how == "flood-questions":
        while True:
            ask("console", vm=0)
    if how == "flood-standard-error":
        for _ in range(10_000):
            print("x" * 1000, file=sys.stderr)
    if how == "long-line":
        endless("x" * 65536)
    if how == "long-json":
        endless_json()
    if how == "close":
        os.close(1)
        time.sleep(60)
    if how == "close-input":
        os.close(0)
    if how == "partial":
        sys.stdout.write('{"type":"observation","vm":0,"kind":"console-address","says":"half')
        sys.stdout.flush()
        os._exit(0)
    if how == "in-pieces":
        for letter in json.dumps({"type": "log", "message": "slow"}):
            sys.stdout.write(letter)
            sys.stdout.flush()
        print(flush=True)
    if how == "not-json":
        print("hello", flush=True)
    if how == "nan":
        print('{"type":"observation","vm":0,"kind":"x","says":"x","age_ms":NaN}', flush=True)
    if how == "negative":
        print('{"type":"observation","vm":-1,"kind":"x","says":"x"}', flush=True)
    if how == "deep":
        print('{"type":"log","message":' + "[" * 100_000, flush=True)
    if how == "not-utf-8":
        sys.stdout.buffer.write(b'{"type":"log","message":"\xff"}\n')
        sys.stdout.flush()
    if how == "ready-again":
        say("ready", protocol=1)
    if how == "advice":
        say("advice", kind="router", id="x", title="x", confidence=1)
    if how == "lie-about-machine":
        fact(len(vms) + 7)
    if how == "lie-about-arp":
        say("observation", vm=0, kind="arp-reply", address="192.168.1.66", says="I just know")
    if how == "much-memory":
        kept = [bytearray(1 << 26) for _ in range(64)]
        say("log", message=str(len(kept)))
    if how == "control-bytes":
        say("failed", message="\x1b[31mred")
        return
    if how == "ask":
        said = [
            ask("read-file", path="/etc/passwd"),
            ask("console", vm=0),
            ask("console", vm=7),
            ask("files", pattern="/etc/*.conf"),
            ask("processes"),
            ask("who-has", addresses=["192.168.1.1"]),
            ask("guest-agents", command="guest-exec", vms=[0]),
            ask("record", artefact="snapshot.json", text="forged"),
            ask("read-artefact", artefact="snapshot.json"),
        ]
        for answer in said:
            say("observation", vm=0, kind="said", says=str(answer)[:200])
    if how == "forbidden":
        forbidden()
    say("done")


def endless_json():
    sys.stdout.write('{"type":"log","message":"')
    endless("x" * 65536)


def hear_nothing():
    while True:
        time.sleep(60)


hello = hear()
HOW = hello["configuration"].get("how", "well")
MANIFEST = hello["configuration"].get("manifest", "/nonexistent")
if HOW == "silent":
    time.sleep(600)
if HOW == "later-protocol":
    say("ready", protocol=2)
if HOW == "bad-configuration":
    say("failed", code="configuration", message="`how` has no such value")
if HOW == "exit-when-made":
    sys.exit("no module named x")
if HOW == "early":
    fact(0)
say("ready", protocol=1, later={"version": 7})

batch = []
while True:
    message = hear()
    if message["type"] == "vm":
        batch.append(message)
    elif message["type"] == "observe":
        if HOW not in ("forbidden", "ask"):
            for machine in batch:
                fact(machine["index"])
        misbehave(HOW, batch)
        batch = []
