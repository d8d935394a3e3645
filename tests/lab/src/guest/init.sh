#!/bin/busybox sh
# The first and only program of a lab guest; its output is the serial console.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev

name=guest dhcp=yes ssh=yes containers=no fault=none rest=1
for word in $(cat /proc/cmdline); do
    case "$word" in
    guest=*) name=${word#guest=} ;;
    nodhcp) dhcp=no ;;
    nossh) ssh=no ;;
    containers) containers=yes ;;
    linklocal) touch /etc/link-local ;;
    # Between its tries the client rests for longer than any test takes.
    rests) rest=3600; touch /etc/rests ;;
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
[ "$fault" = driver ] || modprobe virtio_net
ip link set lo up
ip link set eth0 up

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
    qemu-ga -m virtio-serial -p /dev/vport*p1 -t /tmp &
fi
if [ "$dhcp" = yes ]; then
    ask
    # As ifplugd does: on a link that comes back, the guest asks anew.
    while :; do
        was=$now
        read -r now </sys/class/net/eth0/carrier
        case "$was$now" in
        10) echo "init: carrier lost" ;;
        01)
            echo "init: carrier back"
            kill "$client"
            ask
            ;;
        esac
        usleep 500000
    done &
fi
echo "$name login:"
# The init process must not end.
while :; do sleep 3600; done
