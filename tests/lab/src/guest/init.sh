#!/bin/busybox sh
# The first and only program of a lab guest; its output is the serial console.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
. /etc/carrier.sh

name=guest dhcp=yes ssh=yes containers=no fault=none rest=1 blocked=
for word in $(cat /proc/cmdline); do
    case "$word" in
    guest=*) name=${word#guest=} ;;
    nodhcp) dhcp=no ;;
    nossh) ssh=no ;;
    containers) containers=yes ;;
    linklocal) echo 169.254.77.50 >/etc/link-local ;;
    # Between its tries the client rests for longer than any test takes.
    rests) rest=3600; touch /etc/rests ;;
    # As distributions of Red Hat's set up their guest agents.
    noexec) blocked='-b guest-exec,guest-exec-status' ;;
    noroute) touch /etc/no-route ;;
    fault=*) fault=${word#fault=} ;;
    esac
done
hostname "$name"
# A boot that takes its time, before its network or after it.
takes_its_time() {
    echo "init: $1"
    while :; do sleep 3600; done
}
[ "$fault" = early ] && takes_its_time "checks file systems"
modprobe virtio_pci
case "$fault" in driver | undriven) ;; *) modprobe virtio_net ;; esac
ip link set lo up
# Without a driver or without settings for it, nothing on the console names the card.
case "$fault" in undriven | unused) dhcp=no ;; *) ip link set eth0 up ;; esac

ask() {
    udhcpc -f -i eth0 -s /etc/udhcpc.sh -x "hostname:$name" -t 3 -T 1 -A "$rest" &
    client=$!
}

case "$fault" in
# The shell has a client of its own, which it does not take by this name.
client) dhcp=no; /sbin/udhcpc -i eth0 ;;
# An init that ends is a panic.
panic) exit 1 ;;
static) ip address add 10.20.30.40/24 dev eth0; ip route add default via 10.20.30.1
    # As whatever sets a clock does.
    ping 10.20.30.1 >/dev/null & ;;
esac
if [ "$fault" = slow ]; then
    ask
    takes_its_time "makes host keys"
fi
if [ "$ssh" = yes ]; then
    nc -ll -p 22 -e /etc/banner.sh &
fi
if [ "$containers" = yes ]; then
    modprobe bridge
    modprobe virtio_console
    ip link add docker0 type bridge
    ip address add 172.17.0.1/16 dev docker0
    ip link set docker0 up
    qemu-ga -m virtio-serial -p /dev/vport*p1 -t /tmp $blocked &
fi
if [ "$dhcp" = yes ]; then
    ask
    follow_carrier &
fi
echo "$name login:"
# The init process must not end.
while :; do sleep 3600; done
