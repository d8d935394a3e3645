//! Answers of real systems, and answers that are none.

use std::process::Command;

use vmkit_inside::{Inside, Lease, Setup, not_asked, read, recorded_reason};
use vmkit_types::{Reading, Unread};

/// The answer of a shell with iproute2 and bash, and of one with busybox alone, in one network
/// namespace: a card with a fixed address, a firewall, and three name servers that do not answer.
const REAL: [(&str, &[u8]); 2] = [
    ("iproute2", include_bytes!("data/iproute2.txt")),
    ("busybox", include_bytes!("data/busybox.txt")),
];

fn inside(answer: &str) -> Inside {
    match read(answer.as_bytes()) {
        Reading::Known(inside) => inside,
        other => panic!("{other:?}"),
    }
}

/// The answer with one part.
fn part(name: &str, text: &str, status: u8) -> Inside {
    let lines: Vec<String> = text.lines().map(|line| format!(" {line}\n")).collect();
    let lines = lines.concat();
    inside(&format!("# vmkit-inside 1\n= {name}\n{lines}\n! {status}\n# end\n"))
}

#[test]
fn reads_the_same_in_the_answers_of_different_systems() {
    for (system, answer) in REAL {
        let Reading::Known(inside) = read(answer) else { panic!("{system}") };
        let cards = inside.cards.known().unwrap();
        let card = cards.iter().find(|card| card.name == "eth0").unwrap();
        assert_eq!(card.mac.unwrap().to_string(), "52:54:00:4b:5e:57", "{system}");
        assert!(card.up && card.carrier, "{system}: {card:?}");
        let addresses: Vec<_> = card.addresses.iter().map(|it| it.prefix.to_string()).collect();
        assert_eq!(addresses, ["192.168.77.50/24", "fe80::5054:ff:fe4b:5e57/64"], "{system}");
        assert!(!card.addresses[0].dynamic, "{system}");
        assert!(cards.iter().all(|card| card.name != "lo"), "{system}");
        let routes = inside.routes.known().unwrap();
        let default = routes.iter().find(|route| route.destination.length == 0).unwrap();
        assert_eq!(default.gateway, Some([192, 168, 77, 1].into()), "{system}");
        assert_eq!(routes.len(), 2, "{system}");
        let mut servers: Vec<String> = inside
            .servers
            .known()
            .unwrap()
            .iter()
            .map(|server| format!("{} {:?}", server.address, server.answer))
            .collect();
        servers.sort_unstable();
        let expected = ["10.9.9.9 Silent", "127.0.0.9 Refuses", "192.168.77.53 Silent"];
        assert_eq!(servers, expected, "{system}");
        assert_eq!(inside.listeners, Reading::Known(Vec::new()), "{system}");
        assert!(!inside.firewall.known().unwrap().drops_nothing(), "{system}");
        assert_eq!(inside.setup, Reading::Absent, "{system}: it has no cloud-init");
        assert_eq!(inside.managed, Reading::Absent, "{system}: it has no manager");
        assert_eq!(inside.lease, Reading::Absent, "{system}: its journal is empty");
    }
}

#[test]
fn reads_cards_with_and_without_a_lease() {
    // As Debian 13 and Alpine 3.22 print them.
    let rows = [
        (
            r#"[{"ifindex":2,"ifname":"enp1s0","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":1500,"qdisc":"fq_codel","operstate":"UP","link_type":"ether","address":"52:54:00:4b:5e:57","broadcast":"ff:ff:ff:ff:ff:ff","addr_info":[{"family":"inet","local":"192.168.77.50","prefixlen":24,"metric":100,"broadcast":"192.168.77.255","scope":"global","dynamic":true,"label":"enp1s0","valid_life_time":3599,"preferred_life_time":3599}]}]"#,
            "enp1s0 true true 192.168.77.50/24 true",
        ),
        (
            r#"[{"ifname":"eth0","flags":["NO-CARRIER","BROADCAST","UP"],"address":"52:54:00:4b:5e:57","addr_info":[{"local":"10.0.0.300","prefixlen":24},{"local":"10.0.0.3","prefixlen":33}]},{},7]"#,
            "",
        ),
        (
            "2: eth0: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc pfifo_fast state DOWN qlen 1000\n    \
             link/ether 52:54:00:4b:5e:57 brd ff:ff:ff:ff:ff:ff\n",
            "eth0 true false",
        ),
        (
            "2: enp1s0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP group default qlen 1000\n    \
             link/ether 52:54:00:4b:5e:57 brd ff:ff:ff:ff:ff:ff\n    \
             inet 192.168.77.50/24 metric 100 brd 192.168.77.255 scope global dynamic enp1s0\n",
            "enp1s0 true true 192.168.77.50/24 true",
        ),
    ];
    for (text, expected) in rows {
        let cards = part("addresses", text, 0).cards.known().unwrap_or_default();
        let shown = cards.iter().map(|card| {
            let addresses = card.addresses.iter();
            let each = addresses.map(|it| format!(" {} {}", it.prefix, it.dynamic));
            format!(
                "{} {} {}{}",
                card.name,
                card.up,
                card.carrier,
                each.collect::<Vec<_>>().concat()
            )
        });
        assert_eq!(shown.collect::<Vec<_>>().join(","), expected, "{text}");
    }
}

#[test]
fn reads_where_programs_listen() {
    let rows = [
        ("LISTEN 0      128          0.0.0.0:22        0.0.0.0:*", "all 22"),
        ("LISTEN 0      4096   127.0.0.53%lo:53        0.0.0.0:*", "127.0.0.53 53"),
        ("LISTEN 0      4096               *:22              *:*", "all 22"),
        ("LISTEN 0      128             [::]:22           [::]:*", "all 22"),
        (
            "tcp        0      0 127.0.0.1:2222          0.0.0.0:*               LISTEN",
            "127.0.0.1 2222",
        ),
        ("tcp        0      0 :::22                   :::*                    LISTEN", "all 22"),
        ("Proto Recv-Q Send-Q Local Address           Foreign Address         State", ""),
    ];
    for (text, expected) in rows {
        let listeners = part("listeners", text, 0).listeners.known().unwrap();
        let shown = listeners.iter().map(|each| {
            let address = each.address.map_or_else(|| "all".to_owned(), |it| it.to_string());
            format!("{address} {}", each.port)
        });
        assert_eq!(shown.collect::<Vec<_>>().join(","), expected, "{text}");
    }
}

#[test]
fn reads_what_the_managers_do_with_the_cards() {
    // `networkctl list` of systemd 252 and 257, and `nmcli -t -f DEVICE,STATE device` of 1.42.
    let networkd =
        "  1 lo     loopback carrier  unmanaged\n  2 enp1s0 ether    routable configured\n";
    let rows = [
        (part("links", networkd, 0), "lo unmanaged true,enp1s0 configured false"),
        (
            part("devices", "enp1s0:disconnected\nlo:connected (externally)\n", 0),
            "enp1s0 disconnected true,lo connected false",
        ),
        (part("links", "Failed to connect system bus: No such file or directory", 1), ""),
    ];
    for (inside, expected) in rows {
        let managed = inside.managed.known().unwrap_or_default();
        let shown =
            managed.iter().map(|it| format!("{} {} {}", it.card, it.state, it.is_left_alone()));
        assert_eq!(shown.collect::<Vec<_>>().join(","), expected);
    }
    let names = "sshd\nsshd\nNetworkManager\nevil\u{1b}[31m\n";
    assert_eq!(part("programs", names, 0).programs, Reading::Known(vec!["sshd", "NetworkManager"]));
}

#[test]
fn the_last_word_of_a_dhcp_client_counts() {
    let given = |line: &str| Reading::Known(Lease::Given(line.to_owned()));
    let missing = |line: &str| Reading::Known(Lease::Missing(line.to_owned()));
    // Of systemd-networkd 257, NetworkManager 1.42, ISC's dhclient 4.4, dhcpcd 10 and busybox 1.37.
    let rows = [
        "+enp1s0: DHCPv4 address 192.168.77.50/24, gateway 192.168.77.1 acquired from 192.168.77.1",
        "-enp1s0: DHCP lease lost",
        "+<info>  [1764409200.1] dhcp4 (enp1s0): state changed new lease, address=192.168.77.50, acd pending",
        "-<warn>  [1764409200.1] dhcp4 (enp1s0): request timed out",
        "+bound to 192.168.77.50 -- renewal in 1500 seconds.",
        "-No DHCPOFFERS received.",
        "+eth0: leased 192.168.77.50 for 3600 seconds",
        "-eth0: using IPv4LL address 169.254.7.9",
        "+udhcpc: lease of 192.168.77.50 obtained from 192.168.77.1, lease time 3600",
        "-udhcpc: no lease, forking to background",
        // A request, to which nobody has answered yet.
        "=eth0: rebinding lease of 192.168.77.50",
    ];
    let (mut before, mut expected) = (String::new(), Reading::Absent);
    for row in rows {
        let (sign, line) = row.split_at(1);
        before = format!("{before}{line}\nenp1s0: Gained carrier\n");
        expected = match sign {
            "+" => given(line),
            "-" => missing(line),
            _ => expected,
        };
        assert_eq!(part("journal", &before, 0).lease, expected);
    }
    let denied = part("journal", "sudo: a password is required", 1).lease;
    assert_eq!(denied, Reading::Unknown(Unread::Denied("sudo: a password is required".to_owned())));
}

#[test]
fn reads_how_the_first_boot_ended() {
    let failed = "status: error\nboot_status_code: enabled-by-generator\ndetail:\n\
                  Failed running /var/lib/cloud/instance/scripts/runcmd\n";
    let listed = "status: error\nextended_status: error - done\ndetail: DataSourceNoCloud\nerrors:\n\
                  - ('scripts_user', RuntimeError('runcmd'))\nrecoverable_errors: {}\n";
    let text = |setup: Reading<Setup>| match setup {
        Reading::Known(Setup::Failed(why)) => why,
        other => format!("{other:?}"),
    };
    let rows = [
        (part("setup", "status: done\nboot_status_code: enabled\n", 0), "Known(Done)"),
        (part("setup", "status: done\nrecoverable_errors:\n", 2), "Known(Done)"),
        (part("setup", "status: running\n", 0), "Known(Running)"),
        (part("setup", failed, 1), "Failed running /var/lib/cloud/instance/scripts/runcmd"),
        (part("setup", listed, 1), "('scripts_user', RuntimeError('runcmd'))"),
        (part("setup", "sh: cloud-init: not found", 127), "Absent"),
    ];
    for (inside, expected) in rows {
        assert_eq!(text(inside.setup), expected);
    }
}

#[test]
fn a_part_that_failed_is_unknown_with_the_reason() {
    let reason = |inside: Inside| match inside.listeners {
        Reading::Unknown(why) => why,
        other => panic!("{other:?}"),
    };
    let failed = |text: &str| Unread::Failed(text.to_owned());
    let rows = [
        (part("other", "", 0), failed("the guest's answer lacks it")),
        (
            part("listeners", "ss: \u{1b}[31mno\n", 3),
            failed("in the guest, exit status 3: ss: \\x1b[31mno"),
        ),
        (part("listeners", "", 127), Unread::Unsupported),
        (part("listeners", "", 124), Unread::TimedOut),
        (
            part("listeners", "ss: Operation not permitted\n", 1),
            Unread::Denied("ss: Operation not permitted".to_owned()),
        ),
        (
            inside("# vmkit-inside 1\n= listeners\n LISTEN"),
            failed("the guest's answer was cut off"),
        ),
    ];
    for (inside, expected) in rows {
        assert_eq!(reason(inside), expected);
    }
}

/// What a system prints that has some, in no form that is known: it does not have none.
#[test]
fn a_part_that_is_not_understood_is_unknown() {
    for text in ["", "[]", "eth0 is up with 192.0.2.5\n", "{{{{"] {
        let cards = part("addresses", text, 0).cards;
        assert!(matches!(cards, Reading::Unknown(Unread::Malformed(_))), "{text}: {cards:?}");
    }
    let loopback = part("addresses", "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536\n", 0).cards;
    assert_eq!(loopback, Reading::Known(Vec::new()));
    let many: String = (1..=2000).fold(String::new(), |text, at| {
        text + &format!("{at}: veth{at}: <UP> mtu 1500\n    link/ether 52:54:00:00:00:01\n")
    });
    assert!(part("addresses", &many, 0).cards.known().is_none());

    let routes = |text: &str| part("routes", text, 0).routes.known().map(|found| found.len());
    assert_eq!(routes("the route is by 192.0.2.1\n"), None);
    assert_eq!(routes(""), Some(0));
    assert_eq!(routes("unreachable default dev lo metric 4278198272\n"), Some(0));

    let listeners = |text: &str| part("listeners", text, 0).listeners.known().map(|it| it.len());
    assert_eq!(listeners("LISTEN 0 128 0.0.0.0:99999 0.0.0.0:x\n"), None);
    assert_eq!(listeners("Active Internet connections (only servers)\n"), Some(0));
}

/// Where the first process is hidden, so are those of others, and with them a DHCP client.
#[test]
fn hidden_processes_are_not_taken_for_none() {
    let (functions, _) = vmkit_inside::SCRIPT.split_once("# The shell reads").expect("its end");
    for (first, known) in [("/proc/1/comm", true), ("/proc/0/comm", false)] {
        let script = functions.replace("/proc/1/comm", first) + "part programs programs\n";
        let output = Command::new("sh").args(["-c", &script]).output().expect("a shell");
        let answer = [b"# vmkit-inside 1\n", &output.stdout[..]].concat();
        let programs = inside(&String::from_utf8_lossy(&answer)).programs;
        assert_eq!(programs.as_ref().known().is_some(), known, "{programs:?}");
        assert!(known || matches!(programs, Reading::Unknown(Unread::Denied(_))), "{programs:?}");
    }
}

#[test]
fn output_cannot_begin_a_part_of_its_own() {
    let forged = part("journal", "= listeners\nLISTEN 0 1 0.0.0.0:22 0.0.0.0:*\n! 0", 0);
    assert!(matches!(forged.listeners, Reading::Unknown(_)));
    let twice =
        inside("# vmkit-inside 1\n= listeners\n! 0\n= listeners\n LISTEN 0 1 *:22 *:*\n! 0\n");
    assert_eq!(twice.listeners, Reading::Known(Vec::new()), "the first counts");
}

#[test]
fn a_recorded_reason_is_read_again() {
    let rows = [
        Unread::Failed("ssh: Connection refused\n= listeners".to_owned()),
        Unread::Denied("web has no known host key".to_owned()),
        Unread::TimedOut,
    ];
    for why in rows {
        let recorded = not_asked(&why);
        let again = recorded_reason(recorded.as_bytes()).unwrap();
        let detail = why.detail().replace('\n', "\\n");
        assert_eq!((again.code(), again.detail()), (why.code(), detail.as_str()));
        // A guest has no such line to print.
        for said in [recorded.clone(), format!("Welcome\n{recorded}")] {
            assert!(
                matches!(read(said.as_bytes()), Reading::Unknown(Unread::Malformed(_))),
                "{said}"
            );
        }
        assert_eq!(recorded_reason(format!("Welcome\n{recorded}").as_bytes()), None);
    }
    assert!(matches!(read(b"Last login: today\n"), Reading::Unknown(Unread::Malformed(_))));
}
