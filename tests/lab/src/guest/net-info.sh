#!/bin/sh
# The guest's interfaces in the form of cloud-init's table.
echo 'ci-info: +++++++++++++++++++++Net device info+++++++++++++++++++++'
echo 'ci-info: | Device | Up | Address | Mask | Scope | Hw-Address |'
for interface in $(ls /sys/class/net); do
    address=$(ip -4 -o address show dev "$interface" | awk '{ sub("/.*", "", $4); print $4; exit }')
    mac=$(cat "/sys/class/net/$interface/address")
    echo "ci-info: | $interface | True | ${address:-.} | 255.255.0.0 | global | $mac |"
done
echo 'ci-info: +--------+----+---------+------+-------+------------+'
