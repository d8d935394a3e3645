//! Logs that mislead, cost time or steer a terminal.

use signal_console::Console;
use vmkit_plugin::{Kind, Observation, Subject};
use vmkit_testkit::FakeHost;

/// Most observations of one machine, whatever its guest prints.
const OBSERVATIONS: usize = 16;

fn observe(log: &[u8]) -> Vec<Observation> {
    let vm = Subject { name: "web".into(), has_console: true, ..Subject::default() };
    let report = FakeHost::new().with_console(0, log).observe::<Console>("{}", &[vm]);
    assert_eq!(report.result, Ok(()));
    report.observations
}

fn addresses(log: &[u8]) -> Vec<String> {
    observe(log).iter().filter_map(|seen| seen.address).map(|at| at.to_string()).collect()
}

#[test]
fn control_bytes_and_long_lines_hide_no_address() {
    let long = [vec![b'x'; 1 << 20], b"lease of 10.6.6.6 obtained from 10.6.6.1\n".to_vec()];
    let rows: [(&[u8], &[&str]); 9] = [
        (b"\0\0\xff\xfe\x1b]0;t\x07lease of 10.0.0.5 obtained, lease time 9\r\r\n", &["10.0.0.5"]),
        (b"\x1b[31mudhcpc: le\0ase of 10.0.0.5\x1b[0m obt\x07ained from 10.0.0.1\n", &["10.0.0.5"]),
        (b"\x1b]0;lease of 10.0.0.5 obtained, lease time 9\x07\n", &[]),
        (b"\xe2\x80\xaeeth0: leased 10.0.0.9 for infinity\n", &[]),
        (&long.concat(), &[]),
        (b"lease of 999.1.1.1 obtained\nlease of obtained\nbound to \nDHCPACK of from \n", &[]),
        (b"ci-info: |||||||||\nci-info: |\nci-info: \ndhcp4 (\ndhcp4 ()\ndhcp4 (eth0):\n", &[]),
        (b"device=\nIP-Config: \nListening on LPF/\n address: \n gateway: \n", &[]),
        (b"lease of 10.0.0.5 obtained", &["10.0.0.5"]),
    ];
    for (log, expected) in rows {
        let shown = String::from_utf8_lossy(&log[..log.len().min(100)]).into_owned();
        assert_eq!(addresses(log), expected, "{shown:?}");
    }
}

#[test]
fn keeps_the_latest_addresses_up_to_a_limit() {
    let interfaces = (0..200).map(|n| format!("eth{n}: leased 10.0.{n}.5 for infinity\n"));
    let log = interfaces.chain(["eth999: no IPv4 leases\n".to_owned()]).collect::<String>();
    let seen = observe(log.as_bytes());
    assert_eq!(seen.len(), OBSERVATIONS);
    assert_eq!(seen[0].kind, Kind::ConsolePhase);
    assert_eq!(seen[1].address, Some([10, 0, 186, 5].into()));
    assert_eq!(seen[15].kind, Kind::ConsoleNoLease);
}

/// Marsaglia's xorshift: the same bytes on every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap_or(1)).unwrap_or(0)
    }
}

/// Pieces of honest lines, for dishonest combinations.
const PIECES: &[&str] = &[
    "\n",
    "\r",
    " ",
    ":",
    "/",
    "|",
    "\u{1b}[",
    "\u{1b}]",
    "[    0.000000] Linux version ",
    "eth0",
    "192.168.1.64",
    "2001:db8::1",
    "/24",
    "/999",
    "0xffffff00",
    "lease of ",
    " obtained",
    " from ",
    "bound to ",
    " -- renewal in ",
    "DHCPACK ",
    "DHCPREQUEST ",
    "of ",
    "on ",
    " to ",
    "Listening on LPF/",
    "52:54:00:4b:5e:57",
    ": leased ",
    " for infinity",
    ": DHCPv4 address ",
    ", gateway ",
    ": DHCP lease lost",
    "dhcp4 (",
    "):",
    "address=",
    "option ip_address => '",
    "IP-Config: ",
    " complete",
    " address: ",
    " gateway: ",
    "device=",
    " ipaddr=",
    "ci-info: |",
    "Device",
    "Up",
    "Address",
    "Mask",
    "Hw-Address",
    "Gateway",
    "True",
    "é",
    "\u{202e}",
    "\u{9b}",
];

#[test]
fn no_bytes_cause_a_panic() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..2000 {
        let mut log = Vec::new();
        for _ in 0..random.below(60) {
            if random.below(3) == 0 {
                log.extend(random.next().to_le_bytes());
            } else {
                log.extend(PIECES[random.below(PIECES.len())].as_bytes());
            }
        }
        let seen = observe(&log);
        assert!(seen.len() <= OBSERVATIONS);
        for text in seen.iter().flat_map(|seen| seen.attributes.iter().map(|(_, text)| text)) {
            assert!(text.chars().all(|character| character.is_ascii_graphic()), "{text:?}");
        }
        assert!(seen.iter().all(|seen| seen.says.is_ascii() && !seen.says.contains('\x1b')));
    }
}
