#!/bin/sh
# Makes the captures beside it: real clients (udhcpc, dhclient) and servers (dnsmasq) in network
# namespaces, recorded by tcpdump. Needs root and Debian's iproute2, nftables, dnsmasq-base,
# udhcpc, isc-dhcp-client and tcpdump. Times, transaction ids and some options differ with every
# run, so the tests' time of acknowledgement has to follow.
set -eu
data=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
router=vmkdata-router host=vmkdata-host guest=vmkdata-guest
guest_mac=52:54:00:4b:5e:57 host_mac=02:00:00:00:00:50
filter='udp port 67 or udp port 68'

cleanup() {
    for pid in "$work"/*.pid; do
        [ -f "$pid" ] && kill "$(cat "$pid")" 2>/dev/null || :
    done
    for name in $router $host $guest; do ip netns delete $name 2>/dev/null || :; done
    rm -rf "$work"
}
trap cleanup EXIT INT TERM

# The router and the guest on the host's bridge, whose uplink is en0.
for name in $router $host $guest; do ip netns add $name; done
ip -n $host link add en0 address $host_mac type veth peer name eth0 netns $router
ip -n $host link add vmenet0 type veth peer name eth0 netns $guest
ip -n $guest link set eth0 address $guest_mac
ip -n $host link add br0 address $host_mac type bridge stp_state 0
for port in en0 vmenet0; do ip -n $host link set $port master br0 up; done
ip -n $host link set br0 up
ip -n $router address add 192.168.77.254/24 dev eth0
ip -n $router link set eth0 up
ip -n $guest link set lo up
ip -n $guest link set eth0 up

cat >"$work/bound" <<'SCRIPT'
#!/bin/sh
case "$1" in
bound | renew) ip address flush dev "$interface"; ip address add "$ip/$mask" dev "$interface" ;;
esac
SCRIPT
chmod +x "$work/bound"

serve() { # extra options of dnsmasq
    [ -f "$work/dnsmasq.pid" ] && kill "$(cat "$work/dnsmasq.pid")" && sleep 0.3
    ip netns exec $router dnsmasq --port=0 --conf-file=/dev/null --user=root --no-ping \
        --interface=eth0 --bind-interfaces --pid-file="$work/dnsmasq.pid" \
        --dhcp-leasefile="$work/leases" "$@"
}
record() { # name of the capture, interface, further options of tcpdump
    name=$1 interface=$2
    shift 2
    ip netns exec $host tcpdump -n -U --immediate-mode -Z root -i "$interface" -w "$data/$name.pcap" "$@" "$filter" \
        2>"$work/$name.log" &
    echo $! >"$work/tcpdump-$name.pid"
    until grep -qs 'listening on' "$work/$name.log"; do sleep 0.05; done
}
stop() { # names of captures
    sleep 0.3
    for name in "$@"; do
        kill -INT "$(cat "$work/tcpdump-$name.pid")"
        rm "$work/tcpdump-$name.pid"
    done
    sleep 0.3
}
lease() { # further options of udhcpc
    ip netns exec $guest udhcpc -i eth0 -n -q -t 3 -T 1 -s "$work/bound" "$@" 2>/dev/null
}

# One exchange, a day's lease.
serve --dhcp-range=192.168.77.100,192.168.77.150,24h --dhcp-host=$guest_mac,192.168.77.100
record lease vmenet0
lease
stop lease

# Another address at the next start of the guest.
record lease-change vmenet0
lease
serve --dhcp-range=192.168.77.100,192.168.77.150,24h --dhcp-host=$guest_mac,192.168.77.120
lease
stop lease-change

# Given back when the client ends; in nanoseconds.
record release vmenet0 --time-stamp-precision=nano
ip netns exec $guest udhcpc -i eth0 -n -R -p "$work/udhcpc.pid" -t 3 -T 1 -s "$work/bound" 2>/dev/null
sleep 0.3
kill "$(cat "$work/udhcpc.pid")"
stop release

# The server's network has changed when the guest starts again: refused, and no other address.
record nak vmenet0
client="ip netns exec $guest dhclient -1 -sf /bin/true -pf $work/dhclient.pid -lf $work/dhclient.leases"
$client eth0 2>/dev/null
kill "$(cat "$work/dhclient.pid")"
rm "$work/leases"
ip -n $router address add 192.168.78.254/24 dev eth0
ip -n $router address delete 192.168.77.254/24 dev eth0
serve --dhcp-authoritative --dhcp-range=192.168.78.0,static
timeout 3 $client eth0 2>/dev/null || :
stop nak
ip -n $router address add 192.168.77.254/24 dev eth0
ip -n $router address delete 192.168.78.254/24 dev eth0

# As macOS bridges over Wi-Fi: on the uplink the guest's frames carry the host's MAC, and the guest
# asks for answers by broadcast.
ip netns exec $host nft -f - <<NFT
table bridge macnat {
    chain post {
        type filter hook postrouting priority 0
        oifname "en0" ether saddr != $host_mac ether saddr set $host_mac
    }
}
NFT
serve --dhcp-range=192.168.77.100,192.168.77.150,1h --dhcp-host=$guest_mac,192.168.77.130
record mac-nat-uplink en0
record mac-nat-guest vmenet0
lease -B
stop mac-nat-uplink mac-nat-guest
