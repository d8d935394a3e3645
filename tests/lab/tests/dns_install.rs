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
step() { name=$1; shift; said=$("$@" 2>&1); echo "$name $? $(echo "$said" | head -1)"; }
written() { find /etc/systemd -type f; }
step preview somebody "$VM" dns --install; written
step install "$VM" dns --install
cat $(written); stat -c %a $(written) "$(dirname $(written))"
step anew "$VM" dns --install --suffix lab.test; grep -c lab.test $(written)
step kept somebody "$VM" dns --uninstall
ours=$(written)
step uninstall "$VM" dns --uninstall; written
echo mine > "$ours"
step foreign "$VM" dns --install; step foreign "$VM" dns --uninstall; cat "$ours"
"#;

const EXPECTED: &str = "\
preview 2 Would write /etc/systemd/resolved.conf.d/vmkit.conf:
install 0 Wrote /etc/systemd/resolved.conf.d/vmkit.conf.
# Made by `vm dns --install`; `vm dns --uninstall` removes it.
[Resolve]
DNS=127.0.0.1:5354
Domains=~vm.test
644
755
anew 0 Wrote /etc/systemd/resolved.conf.d/vmkit.conf.
1
kept 2 Would remove /etc/systemd/resolved.conf.d/vmkit.conf.
uninstall 0 Removed /etc/systemd/resolved.conf.d/vmkit.conf.
foreign 2 error: /etc/systemd/resolved.conf.d/vmkit.conf exists and is not vmkit's
foreign 0 Nothing was installed for *.vm.test.
mine";

#[test]
fn only_root_configures_the_resolver_and_only_in_its_own_file() {
    let Some(lab) = or_skip(Lab::new("dns-install")) else { return };
    let stage = Stage::find().expect("a stage");
    let mut command = lab.host().command("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", STEPS]);
    let output = finish(command.env("STAGE", stage.prefix())).expect("an end");
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), (EXPECTED, ""));
}
