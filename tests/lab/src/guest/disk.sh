#!/bin/busybox sh
# The first program of a guest that boots from a disk, as images for clouds do: it takes its name, its
# user and keys from a NoCloud seed, and keeps on its own disk what a restart must not change. Its output
# is the serial console.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
. /etc/carrier.sh
mkdir -p /dev/pts /disk /seed /etc/dropbear
mount -t devpts devpts /dev/pts
for module in virtio_pci virtio_net virtio_blk vfat nls_cp437 nls_ascii isofs button evdev; do
    modprobe "$module"
done

# The button of the case, which ACPI presses when a manager asks for the end.
for input in /sys/class/input/event*; do
    [ "$(cat "$input/device/name")" = "Power Button" ] || continue
    (
        head -c 1 "/dev/input/${input##*/}" >/dev/null
        echo "init: power button"
        umount /disk
        poweroff -f
    ) &
done

# Each write arrives at once, since QEMU may be killed.
mount -o sync /dev/vda1 /disk
mkdir -p /disk/state
for label in cidata CIDATA; do
    seed=$(findfs "LABEL=$label" 2>/dev/null) && mount -o ro "$seed" /seed && break
done
# value KEY FILE: the first value of this key.
value() {
    sed -n "s/^[ -]*$1: *//p" "/seed/$2" 2>/dev/null | tr -d "\"'" | head -n 1
}
instance=$(value instance-id meta-data)
name=$(value local-hostname meta-data)
user=$(value name user-data)
: "${name:=unseeded}" "${instance:=none}"
hostname "$name"
echo "Cloud-init running 'init-local': seed ${seed:-missing}, instance $instance"

known=$(cat /disk/state/instance-id 2>/dev/null)
if [ "$instance" != "$known" ]; then
    echo "Cloud-init: first boot of this instance"
    rm -f /disk/state/host-key
    dropbearkey -t ed25519 -f /disk/state/host-key >/dev/null
    # What a boot command of a clone's seed does on a real system; a copied disk has the identity of its
    # source otherwise.
    ! grep -qs 'cloud-init-per.*instance.*/etc/machine-id' /seed/user-data || rm -f /disk/state/machine-id
    echo "$instance" >/disk/state/instance-id
fi
[ -s /disk/state/machine-id ] || tr -d - </proc/sys/kernel/random/uuid >/disk/state/machine-id
cp /disk/state/machine-id /etc/machine-id

printf 'root:x:0:0::/:/bin/sh\n%s:x:1000:1000::/home:/bin/sh\n' "${user:-lab}" >/etc/passwd
mkdir -p /home/.ssh
grep -os "\(ssh\|ecdsa\)-[a-z0-9-]* AAAA[^\"']*" /seed/user-data >/home/.ssh/authorized_keys
chmod -R go= /home
chown -R 1000:1000 /home

ip link set lo up
ip link set eth0 up
read -r mac </sys/class/net/eth0/address
tail=${mac#*:*:*:*:}
# Another address than its neighbours', from the last octets of its MAC.
echo "169.254.$((0x${tail%:*} % 254 + 1)).$((0x${tail#*:} % 254 + 1))" >/etc/link-local
identifier=
# Without this word the machine-id names the client, as with systemd-networkd.
grep -qs 'dhcp-identifier.*mac' /seed/network-config ||
    identifier="-C -x 0x3d:ff000000010002ab11$(cut -c1-16 /etc/machine-id)"
ask() {
    # shellcheck disable=SC2086 # three words or none
    udhcpc -f -i eth0 -s /etc/udhcpc.sh -x "hostname:$name" $identifier -t 3 -T 1 -A 1 &
    client=$!
}
ask
echo "Starting dropbear"
dropbear -F -E -s -r /disk/state/host-key &
if [ "$instance" != "$known" ]; then
    echo "-----BEGIN SSH HOST KEY KEYS-----"
    dropbearkey -y -f /disk/state/host-key | grep '^ssh-'
    echo "-----END SSH HOST KEY KEYS-----"
fi
echo "$name login:"
follow_carrier
