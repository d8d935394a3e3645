//! The server of macOS.

use super::*;

/// As vmnet writes it for the network that the system shares, with a smaller range.
const OF_MACOS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Subnets</key>
	<array>
		<dict>
			<key>_creator</key>
			<string>com.apple.NetworkSharing</string>
			<key>allocate</key>
			<true/>
			<key>dhcp_router</key>
			<string>192.168.64.1</string>
			<key>lease_max</key>
			<integer>86400</integer>
			<key>name</key>
			<string>192.168.64/24</string>
			<key>net_address</key>
			<string>192.168.64.0</string>
			<key>net_mask</key>
			<string>255.255.255.0</string>
			<key>net_range</key>
			<array>
				<string>192.168.64.2</string>
				<string>192.168.64.3</string>
			</array>
		</dict>
	</array>
	<key>bootp_enabled</key>
	<false/>
	<key>dhcp_enabled</key>
	<array>
		<string>bridge100</string>
	</array>
</dict>
</plist>
"#;

#[test]
fn reads_the_server_of_macos() {
    let lease = |last: u8, end: u64| {
        format!(
            "{{\n\tname=web\n\tip_address=192.168.64.{last}\n\thw_address=1,52:54:0:0:0:{last}\n\t\
             identifier=1,52:54:0:0:0:{last}\n\tlease=0x{end:x}\n}}\n"
        )
    };
    let rows = [
        (lease(2, NOW + 9) + &lease(3, NOW - 9), "1/2; 52:54:00:00:00:02 192.168.64.2 leased"),
        (
            lease(2, NOW + 9) + &lease(3, NOW + 9),
            "0/2; 52:54:00:00:00:02 192.168.64.2 leased, 52:54:00:00:00:03 192.168.64.3 leased",
        ),
        (String::new(), "2/2; "),
    ];
    for (leases, expected) in rows {
        let server = of_macos(OF_MACOS, leases.clone().leak());
        let expected = format!("bridge100 @: 192.168.64.2-192.168.64.3 {expected}");
        assert_eq!(server.as_ref().map(shown), Some(expected), "{leases}");
    }
}

fn of_macos(configuration: &'static str, leases: &'static str) -> Option<DhcpServer> {
    let files = [("/etc/bootpd.plist", configuration), ("/var/db/dhcpd_leases", leases)];
    read(&Sources {
        program: Program::Bootpd,
        arguments: &[],
        files: &Disk(files.into_iter().collect()),
        messages: Reading::Unknown(Unread::Unsupported),
        now: NOW,
    })
}

#[test]
fn reads_which_interfaces_macos_serves() {
    let array = "<array>\n\t\t<string>bridge100</string>\n\t</array>";
    let whole = "192.168.64.2-192.168.64.3 2/2; ";
    let rows = [
        ("<string>bridge101</string>", Some(format!("bridge101 @: {whole}"))),
        ("<true/>", Some(format!(" @: {whole}"))),
        ("<false/>", None),
        ("<array/>", None),
        (
            "<integer>1</integer>",
            Some(" @: (not understood: /etc/bootpd.plist: dhcp_enabled); unknown".to_owned()),
        ),
    ];
    for (value, expected) in rows {
        let text = OF_MACOS.replace(array, value);
        assert_ne!(text, OF_MACOS);
        assert_eq!(of_macos(text.leak(), "").as_ref().map(shown), expected, "{value}");
    }
    let missing = OF_MACOS.replace("<key>dhcp_enabled</key>", "<key>other</key>");
    assert_eq!(of_macos(missing.leak(), "").as_ref().map(shown), None);
    let bad = OF_MACOS.replace("<string>192.168.64.3</string>", "<string>x</string>");
    let expected = "bridge100 @: (not understood: /etc/bootpd.plist: net_range); unknown";
    assert_eq!(of_macos(bad.leak(), "").as_ref().map(shown).as_deref(), Some(expected));
}
