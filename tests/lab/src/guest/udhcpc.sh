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
    if read -r claimed 2>/dev/null </etc/link-local; then
        ip address add "$claimed/16" dev "$interface" 2>/dev/null &&
            echo "Successfully claimed IP address $claimed"
    fi
    ;;
bound | renew)
    ip address flush dev "$interface"
    ip address add "$ip/$mask" dev "$interface"
    [ -z "$router" ] || [ -e /etc/no-route ] || ip route replace default via "${router%% *}"
    echo "init: address set"
    [ ! -x /etc/net-info.sh ] || /etc/net-info.sh
    ;;
esac
