//! ISC dhcpd and `VMware`'s: statements that end in `;` or hold others in braces.

use std::net::Ipv4Addr;

use vmkit_leases::Format;
use vmkit_types::{Mac, Reading, Unread};

use crate::{
    Files,
    config::{Config, LeaseFiles},
    files::usual_place,
};

/// What it reads and writes if its command line names no other file: Debian's places, then Fedora's.
const USUAL_FILE: &str = "/etc/dhcp/dhcpd.conf";
const USUAL_LEASES: [&str; 2] = ["/var/lib/dhcp/dhcpd.leases", "/var/lib/dhcpd/dhcpd.leases"];
/// Options with a value.
const WITH_VALUE: [&str; 10] =
    ["-cf", "-lf", "-pf", "-tf", "-user", "-group", "-chroot", "-p", "-s", "-play"];
/// Most open braces.
const DEEPEST: usize = 64;
/// Most words of a statement that is kept; none that is read has more.
const LONGEST: usize = 1000;

/// The configuration of the server with this command line.
pub(crate) fn config(arguments: &[String], files: &dyn Files) -> Config {
    // It may lease an address that is also fixed for a client.
    let mut config = Config { keeps_reserved: false, ..Config::default() };
    let (mut path, mut lease_file) = (USUAL_FILE, None);
    let mut words = arguments.iter().skip(1);
    while let Some(word) = words.next() {
        let value = if WITH_VALUE.contains(&word.as_str()) { words.next() } else { None };
        match (word.as_str(), value) {
            ("-cf", Some(value)) => path = value,
            ("-lf", Some(value)) => lease_file = Some(value.clone()),
            (word, None) if !word.starts_with('-') => config.add_interface(word),
            _ => {}
        }
    }
    let mut reader = Reader { files, config };
    reader.file(path);
    let mut config = reader.config;
    let path = lease_file.unwrap_or_else(|| usual_place(USUAL_LEASES, files));
    config.leases =
        Reading::Known(LeaseFiles { format: Format::Isc, paths: vec![path], made_at_start: true });
    config
}

struct Reader<'a> {
    files: &'a dyn Files,
    config: Config,
}

impl Reader<'_> {
    fn file(&mut self, path: &str) {
        match self.files.text(path) {
            Reading::Known(text) => self.statements(&text),
            Reading::Absent => {
                self.config.cannot_read(Unread::Failed(format!("{path} is gone")));
            }
            Reading::Unknown(why) => self.config.cannot_read(why),
        }
    }

    fn statements(&mut self, text: &str) {
        let mut statement: Vec<String> = Vec::new();
        // The hosts whose braces are open; other blocks are empty ones.
        let mut blocks: Vec<Host> = Vec::new();
        for token in tokens(text) {
            match token.as_str() {
                "{" => {
                    if blocks.len() >= DEEPEST {
                        let why = "its braces are too deep".to_owned();
                        return self.config.cannot_read(Unread::Malformed(why));
                    }
                    blocks.push(Host::default());
                    statement.clear();
                }
                "}" => {
                    if let Some(Host { mac: Some(mac), addresses }) = blocks.pop() {
                        for address in addresses {
                            self.config.reserve(Some(mac), address);
                        }
                    }
                    statement.clear();
                }
                ";" => {
                    self.statement(&statement, blocks.last_mut());
                    statement.clear();
                }
                _ if statement.len() >= LONGEST => {
                    let why = format!("a statement has more than {LONGEST} words");
                    return self.config.cannot_read(Unread::Malformed(why));
                }
                _ => statement.push(token),
            }
        }
    }

    fn statement(&mut self, words: &[String], host: Option<&mut Host>) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match (words.as_slice(), host) {
            (["include", path], _) => self.file(path),
            (["range", "dynamic-bootp", range @ ..] | ["range", range @ ..], _) => {
                let mut ends = range.iter().filter_map(|end| end.parse::<Ipv4Addr>().ok());
                if let Some(first) = ends.next() {
                    self.config.add_range(first, ends.next().unwrap_or(first));
                }
            }
            (["hardware", "ethernet", mac], Some(host)) => host.mac = mac.parse().ok(),
            (["fixed-address", addresses @ ..], Some(host)) => {
                let each = addresses.iter().flat_map(|it| it.split(','));
                host.addresses.extend(each.filter_map(|it| it.parse::<Ipv4Addr>().ok()));
            }
            _ => {}
        }
    }
}

/// What a block says of a client.
#[derive(Default)]
struct Host {
    mac: Option<Mac>,
    addresses: Vec<Ipv4Addr>,
}

/// The words, the braces and the ends of statements. A comment lasts to the end of its line.
fn tokens(text: &str) -> impl Iterator<Item = String> + '_ {
    let mut letters = text.chars().peekable();
    std::iter::from_fn(move || {
        let mut word = String::new();
        while let Some(letter) = letters.peek().copied() {
            let is_mark = matches!(letter, '{' | '}' | ';');
            if !word.is_empty() && (is_mark || letter == '#' || letter.is_whitespace()) {
                break;
            }
            letters.next();
            match letter {
                _ if is_mark => return Some(letter.to_string()),
                '"' => word.extend(letters.by_ref().take_while(|letter| *letter != '"')),
                '#' => {
                    letters.by_ref().find(|letter| *letter == '\n');
                }
                _ if letter.is_whitespace() => {}
                _ => word.push(letter),
            }
        }
        (!word.is_empty()).then_some(word)
    })
}
