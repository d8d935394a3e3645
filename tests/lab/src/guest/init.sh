#!/bin/busybox sh
# The first and only program of a lab guest; its output is the serial console.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev

name=guest dhcp=yes ssh=yes containers=no fault=none
for word in $(cat /proc/cmdline); do
    case "$word" in
    guest=*) name=${word#guest=} ;;
    nodhcp) dhcp=no ;;
    nossh) ssh=no ;;
    containers) containers=yes ;;
    linklocal) touch /etc/link-local ;;
    fault=*) fault=${word#fault=} ;;
    esac
done
hostname "$name"
modprobe virtio_pci
[ "$fault" = driver ] || modprobe virtio_net
ip link set lo up
ip link set eth0 up

case "$fault" in
# The shell has a client of its own, which it does not take by this name.
client) dhcp=no; /sbin/udhcpc -i eth0 ;;
# An init that ends is a panic.
panic) exit 1 ;;
static) ip address add 10.20.30.40/24 dev eth0; ip route add default via 10.20.30.1
    # As whatever sets a clock does.
    ping 10.20.30.1 >/dev/null & ;;
esac
if [ "$ssh" = yes ]; then
    nc -ll -p 22 -e /etc/banner.sh &
fi
if [ "$containers" = yes ]; then
    modprobe bridge
    modprobe virtio_console
    ip link add docker0 type bridge
    ip address add 172.17.0.1/16 dev docker0
    ip link set docker0 up
    qemu-ga -m virtio-serial -p /dev/vport*p1 -t /tmp &
fi
if [ "$dhcp" = yes ]; then
    udhcpc -f -i eth0 -s /etc/udhcpc.sh -x "hostname:$name" -t 3 -T 1 -A 1 &
fi
echo "$name login:"
# The init process must not end.
while :; do sleep 3600; done
