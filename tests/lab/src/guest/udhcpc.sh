#!/bin/sh
# What udhcpc runs when its state changes: sets the address that it was given.
case "$1" in
deconfig)
    ip address flush dev "$interface"
    ip link set "$interface" up
    ;;
leasefail)
    [ ! -e /etc/rests ] || echo "udhcpc: no answer, at rest"
    # As avahi-autoipd and zcip do, in their words.
    if [ -e /etc/link-local ]; then
        ip address add 169.254.77.50/16 dev "$interface" 2>/dev/null &&
            echo "Successfully claimed IP address 169.254.77.50"
    fi
    ;;
bound | renew)
    ip address flush dev "$interface"
    ip address add "$ip/$mask" dev "$interface"
    [ -z "$router" ] || ip route replace default via "${router%% *}"
    [ ! -x /etc/net-info.sh ] || /etc/net-info.sh
    ;;
esac
