use vmkit_leases::Format;

use super::*;

/// A Tuesday in 2026, 08:10 UTC.
const NOW: u64 = 1_795_507_800;
const WEB: Mac = Mac::new([0x52, 0x54, 0, 0x4b, 0x5e, 0x57]);
const DB: Mac = Mac::new([0x52, 0x54, 0, 0x4b, 0x5e, 0x58]);

fn vm(name: &str, macs: &[Mac]) -> Subject {
    Subject { name: name.into(), macs: macs.to_vec(), ..Subject::default() }
}

fn lease(last: u8, mac: Option<Mac>, validity: Validity, length: Option<u64>) -> Lease {
    Lease {
        address: [192, 168, 64, last].into(),
        mac,
        client_id: None,
        name: None,
        validity,
        length,
    }
}

fn file(leases: Vec<Lease>) -> LeaseFile {
    LeaseFile { format: Format::MacOs, bridge: None, leases }
}

fn lines(vms: &[Subject], files: &[LeaseFile], unread: &[Unread]) -> Vec<String> {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    let line = |seen: Observation| {
        let address = seen.address.map_or_else(|| "-".to_owned(), |at| at.to_string());
        let age = seen.age.map_or_else(String::new, |age| format!(" age={}", age.as_secs()));
        let more = seen.attributes.iter().map(|(name, value)| format!(" {name}={value}"));
        let more: String = more.collect();
        format!("{} {} {address} {}{age}{more}", seen.vm, seen.kind.code(), seen.says)
    };
    observations(vms, files, unread, now).into_iter().map(line).collect()
}

#[test]
fn reports_leases_with_their_time_and_only_to_their_machine() {
    let leases = vec![
        lease(30, Some(WEB), Validity::Until(NOW + 11_520), None),
        lease(29, Some(WEB), Validity::Until(NOW - 300), None),
        lease(28, Some(DB), Validity::Until(NOW + 1200), Some(1800)),
        lease(27, None, Validity::Forever, None),
        lease(26, Some(WEB), Validity::Forever, None),
        lease(31, Some(WEB), Validity::Until(NOW + 11_500), None),
        lease(25, Some(DB), Validity::Ended, Some(1800)),
        lease(24, Some(DB), Validity::Until(NOW), Some(1800)),
    ];
    let expected = [
        "0 lease-current 192.168.64.30 leased by macOS's DHCP server, valid for 3 h 12 min more",
        "0 lease-current 192.168.64.26 leased by macOS's DHCP server, without end",
        "0 lease-expired 192.168.64.29 leased by macOS's DHCP server, expired 5 min ago age=300",
        "0 lease-expired 192.168.64.31 leased by macOS's DHCP server, which its later lease of 192.168.64.30 supersedes",
        "1 lease-current 192.168.64.28 leased by macOS's DHCP server, valid for 20 min more age=600 lease-s=1800",
        "1 lease-expired 192.168.64.25 leased by macOS's DHCP server, no longer in force lease-s=1800",
        "1 lease-expired 192.168.64.24 leased by macOS's DHCP server, expired 0 s ago age=0 lease-s=1800",
    ];
    assert_eq!(lines(&[vm("web", &[WEB]), vm("db", &[DB])], &[file(leases)], &[]), expected);
}

#[test]
fn reports_a_shared_mac_to_both_machines_and_an_address_leased_twice() {
    let until = Validity::Until(NOW + 60);
    let leases = vec![lease(9, Some(WEB), until, None), lease(9, Some(DB), until, None)];
    let vms = [vm("web", &[WEB]), vm("db", &[DB]), vm("clone", &[WEB, WEB])];
    let expected = [
        "0 lease-current 192.168.64.9 leased by macOS's DHCP server, valid for 1 min more",
        "1 lease-current 192.168.64.9 leased by macOS's DHCP server, valid for 1 min more",
        "2 lease-current 192.168.64.9 leased by macOS's DHCP server, valid for 1 min more",
    ];
    assert_eq!(lines(&vms, &[file(leases)], &[]), expected);
}

/// A machine, the files that were read, those that were not, and the expected observations.
type Row<'a> = (&'a Subject, Vec<LeaseFile>, &'a [Unread], &'a [&'a str]);

#[test]
fn reports_a_missing_lease_only_if_all_was_read_and_the_network_is_known() {
    let (web, none) = (vm("web", &[WEB]), vm("none", &[]));
    let other = || vec![file(vec![lease(9, Some(DB), Validity::Forever, None)])];
    let denied = Unread::Denied("read /var/db/dhcpd_leases".to_owned());
    let absent = "0 lease-none - macOS's DHCP server has leased no address to its MAC";
    let of_bridge = "0 lease-none - libvirt's dnsmasq on virbr0 has leased no address to its MAC interface=virbr0";
    let of = |format, bridge: Option<&str>| LeaseFile {
        format,
        bridge: bridge.map(str::to_owned),
        leases: Vec::new(),
    };
    let libvirt = || of(Format::Libvirt, Some("virbr0"));
    let unread = "0 unread - permission denied: read /var/db/dhcpd_leases reason=denied";
    let rows: [Row<'_>; 10] = [
        (&web, other(), &[], &[absent]),
        (&web, vec![file(Vec::new())], &[], &[absent]),
        (&web, Vec::new(), &[], &[]),
        (&web, other(), std::slice::from_ref(&denied), &[unread]),
        (&none, other(), &[], &["0 unread - its MAC is not known reason=failed"]),
        (&web, vec![libvirt()], &[], &[of_bridge]),
        // The networks of these servers are unknown.
        (&web, vec![of(Format::Dnsmasq, None)], &[], &[]),
        (&web, vec![of(Format::Isc, None)], &[], &[]),
        (&web, vec![of(Format::Parallels, None)], &[], &[]),
        (&web, vec![of(Format::Dnsmasq, None), libvirt()], &[], &[of_bridge]),
    ];
    for (vm, files, unread, expected) in rows {
        assert_eq!(lines(std::slice::from_ref(vm), &files, unread), expected);
    }
}

#[test]
fn keeps_leases_in_force_first() {
    let old = (0..20).map(|last| lease(last, Some(WEB), Validity::Until(1), None)).collect();
    let new = vec![lease(200, Some(WEB), Validity::Forever, None)];
    let bridge =
        LeaseFile { format: Format::Libvirt, bridge: Some("virbr\u{1b}".to_owned()), leases: new };
    let found = lines(&[vm("web", &[WEB])], &[file(old), bridge], &[]);
    assert_eq!(found.len(), LEASES_LIMIT);
    assert_eq!(
        found[0],
        "0 lease-current 192.168.64.200 leased by libvirt's dnsmasq on virbr\\x1b, without end \
         interface=virbr\u{1b}"
    );
}

#[test]
fn shows_the_two_largest_units_of_a_time() {
    let rows = [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (90, "1 min 30 s"),
        (3600, "1 h"),
        (3630, "1 h"),
        (86_400 + 7200, "1 d 2 h"),
    ];
    for (seconds, expected) in rows {
        assert_eq!(in_words(seconds), expected);
    }
    assert!(in_words(u64::MAX).ends_with(" h"));
}

/// Two leases of one MAC, each with its end and its length, and how many are current.
#[test]
fn a_later_lease_supersedes_an_earlier_one_of_its_file() {
    let rows = [
        ((NOW + 100, None), (NOW + 200, None), 1),
        ((NOW + 200, None), (NOW + 200, None), 2),
        // The first ends later and was given earlier.
        ((NOW + 5000, Some(9000)), (NOW + 200, Some(600)), 1),
    ];
    for ((first, one), (second, other), expected) in rows {
        let leases = vec![
            lease(9, Some(WEB), Validity::Until(first), one),
            lease(8, Some(WEB), Validity::Until(second), other),
        ];
        let current = |files: &[LeaseFile]| {
            let lines = lines(&[vm("web", &[WEB])], files, &[]);
            lines.iter().filter(|line| line.contains("lease-current")).count()
        };
        assert_eq!(current(&[file(leases.clone())]), expected, "{first} {second}");
        let apart: Vec<_> = leases.into_iter().map(|lease| file(vec![lease])).collect();
        assert_eq!(current(&apart), 2, "servers do not supersede each other");
    }
}

#[test]
fn a_lease_without_a_mac_counts_by_its_name_alone() {
    let duid = |last, name: &str, end| Lease {
        name: (!name.is_empty()).then(|| name.to_owned()),
        ..lease(last, None, Validity::Until(end), None)
    };
    let (open, over) = (NOW + 11_520, NOW - 300);
    let found =
        |leases: Vec<Lease>| lines(&[vm("web", &[WEB]), vm("db", &[DB])], &[file(leases)], &[]);
    let unknown = |vm: u8, which: &str| {
        format!(
            "{vm} unread - leases in force without a MAC ({which}) may be its: `dhcp-identifier: mac` in \
             the guest's netplan has the server write its MAC down reason=failed"
        )
    };
    let none =
        |vm: u8| format!("{vm} lease-none - macOS's DHCP server has leased no address to its MAC");
    let by_name = "0 lease-name 192.168.64.30 leased by macOS's DHCP server to a client named Web.local, \
                   without its MAC, valid for 3 h 12 min more";
    let rows = [
        (vec![duid(30, "Web.local", open)], vec![by_name.to_owned(), unknown(1, "192.168.64.30")]),
        (vec![duid(30, "", open)], vec![unknown(0, "192.168.64.30"), unknown(1, "192.168.64.30")]),
        // One that has ended hides nothing.
        (vec![duid(30, "web", over)], vec![none(0), none(1)]),
        (
            vec![lease(9, Some(WEB), Validity::Forever, None), duid(30, "x", open)],
            vec![
                "0 lease-current 192.168.64.9 leased by macOS's DHCP server, without end"
                    .to_owned(),
                unknown(1, "192.168.64.30"),
            ],
        ),
    ];
    for (leases, expected) in rows {
        assert_eq!(found(leases), expected);
    }
    // A name of two machines is no one's.
    let twins = [vm("web", &[WEB]), vm("WEB", &[DB])];
    let seen = lines(&twins, &[file(vec![duid(30, "web", open)])], &[]);
    assert_eq!(seen, [unknown(0, "192.168.64.30"), unknown(1, "192.168.64.30")]);
}
