//! `vm dns --install` on a computer where systemd-resolved seems to run: the directories are this
//! test's own, in a mount namespace.
#![cfg(target_os = "linux")]

use vmkit_lab::{Lab, Stage, finish, or_skip};

/// Tells the exit status of each step, the file where one was written, and the first words.
const STEPS: &str = r#"
set -u
# The build to be tested may lie below /run.
mount --bind "$STAGE" /mnt && VM=/mnt/bin/vm
mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /etc/systemd && mkdir -p /run/systemd/resolve
chmod 755 /run
# Without its libraries the version of systemd is unknown, which is an old one.
for library in /usr/lib/systemd /usr/lib/*-linux-gnu/systemd; do
    [ -d $library ] && mount -t tmpfs tmpfs $library
done
umask 077
somebody() { setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/nonexistent "$@"; }
# What sudo starts: root, with the caller's numbers.
by_sudo() { env SUDO_UID=65534 SUDO_GID=65534 "$@"; }
step() { name=$1; shift; said=$("$@" 2>&1); echo "$name $? $(echo "$said" | head -1)"; }
written() { find /etc/systemd -type f; }
FIRST=/proc/sys/net/ipv4/ip_unprivileged_port_start
echo 53 > $FIRST
step everybody by_sudo "$VM" dns --install; written
echo 54 > $FIRST
step high by_sudo "$VM" dns --install --listen 127.0.0.1:5354; written
step preview somebody "$VM" dns --install; written
step install by_sudo "$VM" dns --install
cat $(written); stat -c '%a %u' $(written) "$(dirname $(written))"
step anew "$VM" dns --install --suffix lab.test; grep -c lab.test $(written)
step kept somebody "$VM" dns --uninstall
ours=$(written)
step uninstall by_sudo "$VM" dns --uninstall; written
mkdir -p "$(dirname "$ours")"
echo mine > "$ours"
step foreign by_sudo "$VM" dns --install; step foreign by_sudo "$VM" dns --uninstall; cat "$ours"
rm "$ours"; echo precious > /etc/systemd/precious; ln -s /etc/systemd/precious "$ours"
step link by_sudo "$VM" dns --install; cat /etc/systemd/precious
"#;

const EXPECTED: &str = "\
everybody 2 error: any user of this computer can bind port 53, and would answer in place of `vm dns` once it has ended
high 2 error: `--install` needs port 53: any user could bind port 5354 after `vm dns` has ended, and answer in its place
preview 2 Would write /etc/systemd/resolved.conf.d/vmkit.conf:
install 0 Wrote /etc/systemd/resolved.conf.d/vmkit.conf.
# Made by `vm dns --install`; `vm dns --uninstall` removes it.
[Resolve]
DNS=127.0.0.1
Domains=~vm.test
644 0
755 0
anew 0 Wrote /etc/systemd/resolved.conf.d/vmkit.conf.
1
kept 2 Would remove /etc/systemd/resolved.conf.d/vmkit.conf.
uninstall 0 Removed /etc/systemd/resolved.conf.d/vmkit.conf.
foreign 2 error: /etc/systemd/resolved.conf.d/vmkit.conf exists and is not vmkit's
foreign 0 Nothing was installed for *.vm.test.
mine
link 2 error: /etc/systemd/resolved.conf.d/vmkit.conf exists and is not vmkit's
precious";

#[test]
fn only_root_configures_the_resolver_and_only_in_its_own_file() {
    let Some(lab) = or_skip(Lab::new("dns-install")) else { return };
    let stage = Stage::find().expect("a stage");
    let mut command = lab.host().command("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", STEPS]);
    let output = finish(command.env("STAGE", stage.prefix())).expect("an end");
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), (EXPECTED, ""));
}

/// Serves at port 53 for the caller of sudo, and tells who the process is and who can bind the port.
const SERVING: &str = r#"
set -u
mount --bind "$STAGE" /mnt && VM=/mnt/bin/vm
ip link set lo up
somebody() { setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/nonexistent "$@"; }
mkdir -m 755 /tmp/data.$$ && echo '{"vms":{"off":{}},"version":"1.0"}' > /tmp/data.$$/.vm-registry.json
serve() { exec "$VM" --manager vm-toolkit --data-dir /tmp/data.$$ dns --interval 1 --listen "$1"; }
mkfifo /tmp/said.$$
(export SUDO_UID=65534 SUDO_GID=65534; serve 127.0.0.1:53) 2> /tmp/said.$$ &
server=$!
exec 3< /tmp/said.$$
read -r line <&3; echo "$line"
grep -E '^(Uid|CapEff):' /proc/$server/status | tr '\t' ' '
busybox nslookup -type=a nothing.vm.test 127.0.0.1:53 2>&1 | grep -o NXDOMAIN | head -1
kill $server; wait $server; echo "ended $?"
somebody "$VM" --manager vm-toolkit --data-dir /tmp/data.$$ dns --listen 127.0.0.1:53 2>&1
echo "somebody $?"
SUDO_UID=65534 SUDO_GID=65534 "$VM" --manager vm-toolkit --data-dir /tmp/data.$$ dns --listen 127.0.0.1:22 2>&1
echo "ssh's port $?"
rm -r /tmp/data.$$ /tmp/said.$$
"#;

const SERVED: &str = "\
serving *.vm.test at 127.0.0.1:53; stop with Ctrl-C
Uid: 65534 65534 65534 65534
CapEff: 0000000000000000
NXDOMAIN
ended 0
error: cannot listen at 127.0.0.1:53 (TCP): Permission denied (os error 13)
hint: sudo vm dns --suffix vm.test --listen 127.0.0.1:53
somebody 2
error: cannot listen at 127.0.0.1:22 (TCP): permission denied
hint: choose port 53 or one from 1024 on
ssh's port 2";

#[test]
fn serves_at_port_53_as_the_caller_of_sudo() {
    let Some(lab) = or_skip(Lab::new("dns-port")) else { return };
    let stage = Stage::find().expect("a stage");
    let mut command = lab.host().command("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", SERVING]);
    let output = finish(command.env("STAGE", stage.prefix())).expect("an end");
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), (SERVED, ""));
}
