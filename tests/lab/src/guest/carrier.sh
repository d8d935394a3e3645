# Sourced by the guests' first programs, which define `ask`: it starts a DHCP client, whose number is in
# `client`.

# As ifplugd does: on a link that comes back, the guest asks anew.
follow_carrier() {
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
    done
}
