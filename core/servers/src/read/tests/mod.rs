use std::collections::BTreeMap;

use super::*;

mod bounds;
mod macos;

const NOW: u64 = 1_795_946_300;

/// Files by their paths; those whose text is `denied` cannot be read.
struct Disk(BTreeMap<&'static str, &'static str>);

impl Files for Disk {
    fn text(&self, path: &str) -> Reading<String> {
        match self.0.get(path) {
            Some(&"denied") => Reading::Unknown(Unread::Denied(format!("read {path}"))),
            Some(text) => Reading::Known((*text).to_owned()),
            None if path == "/dev/null" => Reading::Known(String::new()),
            // What a server makes when it starts.
            None if path.ends_with(".leases") && !path.contains("gone") => {
                Reading::Known(String::new())
            }
            None => Reading::Absent,
        }
    }

    fn end(&self, path: &str) -> Reading<String> {
        self.text(path)
    }

    fn names(&self, directory: &str) -> Reading<Vec<String>> {
        let inside = |path: &&str| {
            let name = path.strip_prefix(directory)?.strip_prefix('/')?;
            (!name.contains('/')).then(|| name.to_owned())
        };
        let names: Vec<String> = self.0.keys().filter_map(inside).collect();
        let is_there = !self.0.contains_key(directory) && !directory.contains("gone");
        if is_there { Reading::Known(names) } else { Reading::Absent }
    }
}

/// A command line and files, then what the server is said to be; `None`: no DHCP server.
type Case<'a> = (&'a str, &'a [(&'static str, &'static str)], Option<&'a str>);

fn outcome(line: &str, files: &[(&'static str, &'static str)]) -> Option<DhcpServer> {
    let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    let sources = Sources {
        program: Program::of(&arguments).expect("a server"),
        arguments: &arguments,
        files: &Disk(files.iter().copied().collect()),
        messages: Reading::Known(String::new()),
        now: NOW,
    };
    read(&sources)
}

/// `INTERFACES @ADDRESSES: FIRST-LAST FREE/ALL, …; MAC ADDRESS leased|reserved, …`
fn shown(server: &DhcpServer) -> String {
    let pools = match &server.pools {
        Reading::Known(pools) => {
            let pool = |pool: &vmkit_survey::Pool| {
                let free = match &pool.free {
                    Reading::Known(free) => free.to_string(),
                    Reading::Unknown(why) => format!("({why})"),
                    Reading::Absent => "absent".to_owned(),
                };
                format!("{}-{} {free}/{}", pool.first, pool.last, pool.addresses)
            };
            pools.iter().map(pool).collect::<Vec<_>>().join(", ")
        }
        Reading::Unknown(why) => format!("({why})"),
        Reading::Absent => "absent".to_owned(),
    };
    let client = |client: &Client| {
        let how = if client.leased { "leased" } else { "reserved" };
        format!("{} {} {how}", client.mac, client.address)
    };
    let clients = server.clients.as_ref().known();
    let clients = clients.map(|all| all.iter().map(client).collect::<Vec<_>>().join(", "));
    let clients = clients.unwrap_or_else(|| "unknown".to_owned());
    let at: Vec<String> = server.addresses.iter().map(ToString::to_string).collect();
    format!("{} @{}: {pools}; {clients}", server.interfaces.join(" "), at.join(" "))
}

fn check(cases: &[Case<'_>]) {
    for (line, files, expected) in cases {
        let found = outcome(line, files).as_ref().map(shown);
        assert_eq!(found.as_deref(), *expected, "{line}");
    }
}

/// As libvirt writes them.
const OF_LIBVIRT: &str =
    "##WARNING:  THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE
##OVERWRITTEN AND LOST.  Changes to this configuration should be made using:
##    virsh net-edit default
## or other application using the libvirt API.
##
## dnsmasq conf file created by libvirt
strict-order
pid-file=/run/libvirt/network/default.pid
except-interface=lo
bind-dynamic
interface=virbr0
dhcp-range=192.168.122.2,192.168.122.4,255.255.255.0
dhcp-no-override
dhcp-authoritative
dhcp-lease-max=3
dhcp-hostsfile=/var/lib/libvirt/dnsmasq/default.hostsfile
addn-hosts=/var/lib/libvirt/dnsmasq/default.addnhosts
";
const LINE_OF_LIBVIRT: &str = "/usr/sbin/dnsmasq --conf-file=/var/lib/libvirt/dnsmasq/default.conf \
    --leasefile-ro --dhcp-script=/usr/lib/libvirt/libvirt_leaseshelper";

#[test]
fn reads_the_server_of_each_manager() {
    check(&[
        (
            LINE_OF_LIBVIRT,
            &[
                ("/var/lib/libvirt/dnsmasq/default.conf", OF_LIBVIRT),
                (
                    "/var/lib/libvirt/dnsmasq/default.hostsfile",
                    "52:54:00:00:00:09,192.168.122.4,db\n",
                ),
                (
                    "/var/lib/libvirt/dnsmasq/virbr0.status",
                    r#"[{"ip-address":"192.168.122.2","mac-address":"52:54:00:00:00:01","expiry-time":1795949900},
                        {"ip-address":"192.168.122.3","mac-address":"52:54:00:00:00:02","expiry-time":1795946000}]"#,
                ),
            ],
            Some(
                "virbr0 @: 192.168.122.2-192.168.122.4 1/3; \
                 52:54:00:00:00:01 192.168.122.2 leased, 52:54:00:00:00:09 192.168.122.4 reserved",
            ),
        ),
        (
            "dnsmasq --keep-in-foreground --strict-order --bind-interfaces --except-interface=lo --pid-file= \
             --no-ping --interface=incusbr0 --dhcp-rapid-commit --no-negcache --quiet-dhcp --quiet-dhcp6 \
             --quiet-ra --listen-address=10.115.4.1 --dhcp-no-override --dhcp-authoritative \
             --dhcp-leasefile=/var/lib/incus/networks/incusbr0/dnsmasq.leases \
             --dhcp-hostsfile=/var/lib/incus/networks/incusbr0/dnsmasq.hosts \
             --dhcp-range 10.115.4.2,10.115.4.3,1h -s incus --conf-file=/var/lib/incus/networks/incusbr0/dnsmasq.raw \
             -u incus -g incus",
            &[
                ("/var/lib/incus/networks/incusbr0/dnsmasq.raw", ""),
                (
                    "/var/lib/incus/networks/incusbr0/dnsmasq.leases",
                    "1795949825 52:54:00:00:00:01 10.115.4.2 * 01:52:54:00:00:00:01\n\
                     1795949826 52:54:00:00:00:02 10.115.4.3 * *\n",
                ),
                (
                    "/var/lib/incus/networks/incusbr0/dnsmasq.hosts/web.eth-0",
                    "52:54:00:00:00:02,10.115.4.3,web\n",
                ),
            ],
            Some(
                "incusbr0 @10.115.4.1: 10.115.4.2-10.115.4.3 0/2; 52:54:00:00:00:02 10.115.4.3 leased, \
                 52:54:00:00:00:01 10.115.4.2 leased, 52:54:00:00:00:02 10.115.4.3 reserved",
            ),
        ),
        (
            "/usr/sbin/dnsmasq --conf-file=/dev/null --no-hosts --keep-in-foreground --bind-interfaces \
             --except-interface=lo --clear-on-reload --strict-order --listen-address=10.42.0.1 \
             --dhcp-range=10.42.0.10,10.42.0.254,60m --dhcp-leasefile=/var/lib/NetworkManager/dnsmasq-wlan0.leases \
             --pid-file=/run/nm-dnsmasq-wlan0.pid --conf-dir=/etc/NetworkManager/dnsmasq-shared.d",
            &[("/var/lib/NetworkManager/dnsmasq-wlan0.leases", "denied")],
            Some(
                " @10.42.0.1: 10.42.0.10-10.42.0.254 (permission denied: read \
                 /var/lib/NetworkManager/dnsmasq-wlan0.leases)/245; unknown",
            ),
        ),
        (
            "/usr/bin/vmnet-dhcpd -s 6 -cf /etc/vmware/vmnet8/dhcpd/dhcpd.conf -lf \
             /etc/vmware/vmnet8/dhcpd/dhcpd.leases -pf /var/run/vmnet-dhcpd-vmnet8.pid vmnet8",
            &[
                (
                    "/etc/vmware/vmnet8/dhcpd/dhcpd.conf",
                    "# Configuration file for ISC 2.0 vmnet-dhcpd operating on vmnet8.\n\
                     allow unknown-clients;\ndefault-lease-time 1800;                # default is 30 minutes\n\
                     subnet 172.16.3.0 netmask 255.255.255.0 {\n\trange 172.16.3.128 172.16.3.129;\n\
                     \toption domain-name \"localdomain\";\n\toption routers 172.16.3.2;\n}\n\
                     host vmnet8 {\n\thardware ethernet 00:50:56:C0:00:08;\n\tfixed-address 172.16.3.1;\n\
                     \toption domain-name \"\";\n}\n",
                ),
                (
                    "/etc/vmware/vmnet8/dhcpd/dhcpd.leases",
                    "lease 172.16.3.128 {\n\tends 4 2030/11/28 09:00:00;\n\thardware ethernet 00:0c:29:00:00:01;\n}\n",
                ),
            ],
            Some(
                "vmnet8 @: 172.16.3.128-172.16.3.129 1/2; 00:0c:29:00:00:01 172.16.3.128 leased, \
                 00:50:56:c0:00:08 172.16.3.1 reserved",
            ),
        ),
    ]);
}

const OF_KEA: &str = r#"// Debian's file, shortened
{ "Dhcp4": {
    "interfaces-config": { "interfaces": [ "br0", "br1/10.78.0.1" ] }, # more
    "lease-database": { "type": "memfile", "lfc-interval": 3600 },
    "subnet4": [ { "id": 1, "subnet": "10.77.0.0/24", "pools": [ { "pool": "10.77.0.80 - 10.77.0.81" } ],
        "reservations": [ { "hw-address": "52:54:00:00:00:09", "ip-address": "10.77.0.81" } ] } ],
    "shared-networks": [ { "subnet4": [ { "subnet": "10.78.0.0/24", "pools": [ { "pool": "10.78.0.16/30" } ] } ] } ],
    "loggers": [ { "name": "kea-dhcp4", "output_options": [ { "output": "/var/log/kea/kea-dhcp4.log" } ] } ],
} }"#;

#[test]
fn reads_kea_with_its_leases_in_a_file_or_elsewhere() {
    let line = "/usr/sbin/kea-dhcp4 -c /etc/kea/kea-dhcp4.conf";
    let leases = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context
10.77.0.80,52:54:00:00:00:01,01:52:54:00:00:00:01,600,1795946829,1,0,0,,0,\n";
    let log = "2026-11-29 09:57:09.789 WARN  [kea-dhcp4.alloc-engine/21660.1] ALLOC_ENGINE_V4_ALLOC_FAIL \
        [hwtype=1 52:54:00:00:00:02], cid=[01:52:54:00:00:00:02], tid=0x7454f75b: failed to allocate an IPv4 address after 1 attempt(s)\n";
    let files = [
        ("/etc/kea/kea-dhcp4.conf", OF_KEA),
        ("/var/lib/kea/kea-leases4.csv", leases),
        ("/var/log/kea/kea-dhcp4.log", log),
    ];
    let server = outcome(line, &files).unwrap();
    assert_eq!(
        shown(&server),
        "br0 br1 @: 10.77.0.80-10.77.0.81 0/2, 10.78.0.16-10.78.0.19 4/4; \
         52:54:00:00:00:01 10.77.0.80 leased, 52:54:00:00:00:09 10.77.0.81 reserved"
    );
    let answers = server.answers.known().unwrap();
    assert_eq!((answers.len(), answers[0].refused), (1, true));
    for (from, to, expected) in [
        ("\"memfile\"", "\"mysql\"", "Kea keeps its leases in a database"),
        (
            "\"lfc-interval\": 3600",
            "\"persist\": false",
            "Kea keeps its leases in its memory alone",
        ),
    ] {
        let text: &'static str = OF_KEA.replace(from, to).leak();
        let server = outcome(line, &[("/etc/kea/kea-dhcp4.conf", text)]).unwrap();
        let pools = server.pools.known().unwrap();
        assert_eq!(pools[0].free, Reading::Unknown(Unread::Failed(expected.to_owned())));
    }
}

#[test]
fn what_is_no_server_is_left_out_and_what_cannot_be_read_is_unknown() {
    check(&[
        (
            "/usr/sbin/dnsmasq -x /run/dnsmasq.pid -u dnsmasq -7 /etc/dnsmasq.d,.dpkg-dist --local-service",
            &[],
            None,
        ),
        (
            "dnsmasq -k",
            &[("/etc/dnsmasq.conf", "port=5353\n#dhcp-range=10.0.0.2,10.0.0.9\n")],
            None,
        ),
        (
            "dnsmasq -k -7 /etc/dnsmasq.d,.dpkg-old",
            &[
                (
                    "/etc/dnsmasq.d/lan",
                    "interface=br0 # ours\nno-dhcp-interface=br1\ndhcp-range=set:x,10.0.0.2\n",
                ),
                ("/etc/dnsmasq.d/lan.dpkg-old", "dhcp-range=10.9.0.2,10.9.0.9\n"),
                (
                    "/etc/dnsmasq.d/six",
                    "dhcp-range=2001:db8::2,2001:db8::9\ndhcp-range=10.0.1.0,static\n",
                ),
            ],
            Some("br0 @: 10.0.0.2-10.0.0.2 1/1; "),
        ),
        (
            "dnsmasq -C /etc/a.conf",
            &[("/etc/a.conf", "denied")],
            Some(" @: (permission denied: read /etc/a.conf); unknown"),
        ),
        (
            "dnsmasq -C /dev/null -F 10.0.0.2,10.0.0.9 --leasefile-ro -6 /bin/mine",
            &[],
            Some(
                " @: 10.0.0.2-10.0.0.9 (dnsmasq leaves it to another program to write its leases)/8; unknown",
            ),
        ),
        (
            "dnsmasq -C /dev/null -F 10.0.0.2,10.0.0.9 -X 1 -l x.leases",
            &[("x.leases", "0 52:54:00:00:00:01 10.0.0.3 * *\n")],
            Some(" @: 10.0.0.2-10.0.0.9 0/8; 52:54:00:00:00:01 10.0.0.3 leased"),
        ),
        (
            "dnsmasq -C /dev/null -F 10.0.0.2,10.0.0.9 -l gone.leases",
            &[],
            Some(" @: 10.0.0.2-10.0.0.9 (there is no gone.leases)/8; unknown"),
        ),
        // As Debian's service runs it, and lxc-net with a range of its own.
        (
            "dnsmasq -7 /etc/dnsmasq.d,.dpkg-old",
            &[
                ("/etc/dnsmasq.d/README", "# nothing\n"),
                ("/etc/dnsmasq.conf", "dhcp-range=lan,10.0.0.2,10.0.0.9,12h\n"),
            ],
            Some(" @: 10.0.0.2-10.0.0.9 8/8; "),
        ),
        (
            "dnsmasq --conf-file= --dhcp-range 10.0.3.2,10.0.3.9",
            &[],
            Some(" @: 10.0.3.2-10.0.3.9 8/8; "),
        ),
        // Gone since it started.
        ("dnsmasq -C /dev/fd/63", &[], Some(" @: (/dev/fd/63 is gone); unknown")),
        ("dnsmasq -C /dev/null -7 /run/gone", &[], Some(" @: (/run/gone is gone); unknown")),
        ("dhcpd -q", &[("/etc/dhcp/dhcpd.conf", "range 10.0.0.9 10.0.0.2;")], None),
        ("dhcpd -4 br0", &[], Some("br0 @: (/etc/dhcp/dhcpd.conf is gone); unknown")),
        (
            "dhcpd -4 br0",
            &[
                ("/etc/dhcp/dhcpd.conf", "include \"/etc/x\";"),
                ("/etc/x", "range dynamic-bootp 10.0.0.9;}}"),
            ],
            Some("br0 @: 10.0.0.9-10.0.0.9 1/1; "),
        ),
        ("kea-dhcp4", &[], Some(" @: (its command line names no configuration); unknown")),
    ]);
}
