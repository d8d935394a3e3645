#!/bin/sh
# What udhcpc runs when its state changes: sets the address that it was given.
case "$1" in
deconfig)
    ip address flush dev "$interface"
    ip link set "$interface" up
    ;;
bound | renew)
    ip address flush dev "$interface"
    ip address add "$ip/$mask" dev "$interface"
    [ -z "$router" ] || ip route replace default via "${router%% *}"
    [ ! -x /etc/net-info.sh ] || /etc/net-info.sh
    ;;
esac
