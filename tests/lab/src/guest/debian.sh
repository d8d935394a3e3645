#!/bin/sh
# Finishes the root of a real Debian, whose folder is the argument, as Debian's images for clouds are.
set -e
root=$1
# Each machine makes its own at its first boot.
: >"$root/etc/machine-id"
rm -f "$root"/etc/ssh/ssh_host_*
ln -sf ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
echo localhost >"$root/etc/hostname"
echo 'LABEL=root / ext4 defaults 0 1' >"$root/etc/fstab"
# Under emulation a key of RSA takes many seconds.
cat >"$root/etc/cloud/cloud.cfg.d/90_seed.cfg" <<'END'
datasource_list: [NoCloud, None]
ssh_genkeytypes: [ed25519]
END
chroot "$root" systemctl enable systemd-networkd systemd-resolved ssh
# Nothing else takes the processor of a guest that lives for minutes.
chroot "$root" systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
    e2scrub_all.timer fstrim.timer
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*
