//! dnsmasq: its command line and its configuration files have the same options.

use std::{collections::BTreeSet, net::Ipv4Addr};

use vmkit_leases::Format;
use vmkit_types::{Mac, Reading, Unread};

use crate::{
    Files,
    config::{Config, LeaseFiles},
    files::usual_place,
};

/// The letters of the options that are read, and their long names.
const LETTERS: [(char, &str); 10] = [
    ('F', "dhcp-range"),
    ('G', "dhcp-host"),
    ('l', "dhcp-leasefile"),
    ('X', "dhcp-lease-max"),
    ('i', "interface"),
    ('a', "listen-address"),
    ('C', "conf-file"),
    ('7', "conf-dir"),
    ('6', "dhcp-script"),
    ('8', "log-facility"),
];
/// Further options with a value, which may be the next argument.
const LONG: [&str; 4] = ["dhcp-hostsfile", "dhcp-hostsdir", "no-dhcp-interface", "dhcp-option"];

/// What it reads if its command line names no file.
const USUAL_FILE: &str = "/etc/dnsmasq.conf";
/// Where it writes its leases if nothing says otherwise: Debian's and Fedora's place.
const USUAL_LEASES: [&str; 2] = ["/var/lib/misc/dnsmasq.leases", "/var/lib/dnsmasq/dnsmasq.leases"];
/// Most leases if nothing says otherwise.
const USUAL_MOST: u64 = 1000;
/// The program with which libvirt keeps the leases itself.
const OF_LIBVIRT: &str = "libvirt_leaseshelper";

/// The configuration of the server with this command line.
pub(crate) fn config(arguments: &[String], files: &dyn Files) -> Config {
    let mut reader = Reader::new(files);
    let options = options(arguments);
    for (name, value) in &options {
        reader.option(name, value);
    }
    // A directory does not replace it: Debian's service names one. Nor does an empty name, as that of lxc-net.
    if !options.iter().any(|(name, value)| name == "conf-file" && !value.is_empty()) {
        reader.usual_file();
    }
    reader.finish()
}

/// The options of a command line with their values.
fn options(arguments: &[String]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut words = arguments.iter().skip(1).peekable();
    while let Some(word) = words.next() {
        let letter = word.strip_prefix('-').and_then(|rest| rest.chars().next());
        let short = LETTERS.iter().find(|(known, _)| Some(*known) == letter);
        let (name, value) = match (word.strip_prefix("--"), short) {
            (Some(long), _) => match long.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (long, None),
            },
            (None, Some((_, name))) => (*name, word.get(2..).filter(|rest| !rest.is_empty())),
            (None, None) => continue,
        };
        let has_value = LONG.contains(&name) || LETTERS.iter().any(|(_, known)| *known == name);
        let value = match value {
            Some(value) => value.to_owned(),
            None if has_value => words.next().cloned().unwrap_or_default(),
            None => String::new(),
        };
        found.push((name.to_owned(), value));
    }
    found
}

struct Reader<'a> {
    files: &'a dyn Files,
    config: Config,
    /// Its configuration files, and the first of them.
    named_files: BTreeSet<String>,
    first_file: Option<String>,
    without_dhcp: BTreeSet<String>,
    lease_file: Option<String>,
    /// It does not write its leases itself.
    leases_elsewhere: bool,
    script: Option<String>,
}

impl<'a> Reader<'a> {
    fn new(files: &'a dyn Files) -> Self {
        let config = Config { most_leases: Some(USUAL_MOST), ..Config::default() };
        Self {
            files,
            config,
            named_files: BTreeSet::new(),
            first_file: None,
            without_dhcp: BTreeSet::new(),
            lease_file: None,
            leases_elsewhere: false,
            script: None,
        }
    }

    fn option(&mut self, name: &str, value: &str) {
        let value = value.trim().trim_matches('"');
        match name {
            "dhcp-range" => self.range(value),
            "dhcp-host" => self.host(value),
            "dhcp-leasefile" => self.lease_file = Some(value.to_owned()),
            "leasefile-ro" => self.leases_elsewhere = true,
            "dhcp-script" => self.script = Some(value.to_owned()),
            "dhcp-lease-max" => {
                if let Ok(most) = value.parse() {
                    self.config.most_leases = Some(most);
                }
            }
            "interface" => value.split(',').for_each(|name| self.config.add_interface(name)),
            "no-dhcp-interface" => self.without_dhcp.extend(value.split(',').map(str::to_owned)),
            "listen-address" => {
                let addresses = value.split(',').filter_map(|it| it.trim().parse().ok());
                let addresses = addresses.filter(|address: &Ipv4Addr| !address.is_loopback());
                addresses.for_each(|address| self.config.add_address(address));
            }
            "log-facility" if value.starts_with('/') => self.config.log = Some(value.to_owned()),
            "conf-file" => self.file(value),
            "conf-dir" => self.directory(value),
            "dhcp-hostsfile" | "dhcp-hostsdir" => self.hosts(value),
            _ => {}
        }
    }

    fn usual_file(&mut self) {
        if !matches!(self.files.text(USUAL_FILE), Reading::Absent) {
            self.file(USUAL_FILE);
        }
    }

    /// A file that something names: dnsmasq does not start without it.
    fn file(&mut self, path: &str) {
        if path.is_empty() || !self.named_files.insert(path.to_owned()) {
            return;
        }
        self.first_file.get_or_insert_with(|| path.to_owned());
        match self.files.text(path) {
            Reading::Known(text) => {
                for line in text.lines() {
                    let line = without_comment(line);
                    let (name, value) = line.split_once('=').unwrap_or((line, ""));
                    self.option(name.trim(), value);
                }
            }
            Reading::Absent => self.is_gone(path),
            Reading::Unknown(why) => self.config.cannot_read(why),
        }
    }

    fn is_gone(&mut self, path: &str) {
        self.config.cannot_read(Unread::Failed(format!("{path} is gone")));
    }

    /// `DIRECTORY`, then endings: those of files to skip, or, with `*` before them, of the only ones to read.
    fn directory(&mut self, value: &str) {
        let mut parts = value.split(',');
        let directory = parts.next().unwrap_or_default();
        let endings: Vec<&str> = parts.collect();
        let (only, skipped): (Vec<&str>, Vec<&str>) =
            endings.into_iter().partition(|ending| ending.starts_with('*'));
        let names = match self.files.names(directory) {
            Reading::Known(names) => names,
            Reading::Absent => return self.is_gone(directory),
            Reading::Unknown(why) => return self.config.cannot_read(why),
        };
        let is_read = |name: &&String| {
            let ends = |ending: &&str| name.ends_with(ending.trim_start_matches('*'));
            let usual = !(name.ends_with('~') || name.starts_with('.') || name.starts_with('#'));
            usual && !skipped.iter().any(ends) && (only.is_empty() || only.iter().any(ends))
        };
        for name in names.iter().filter(is_read) {
            self.file(&format!("{directory}/{name}"));
        }
    }

    /// A file, or a directory of files, whose lines are values of `dhcp-host`.
    fn hosts(&mut self, path: &str) {
        let mut paths = vec![path.to_owned()];
        if let Reading::Known(names) = self.files.names(path) {
            paths = names.iter().map(|name| format!("{path}/{name}")).collect();
        }
        for path in paths {
            match self.files.text(&path) {
                Reading::Known(text) => {
                    for line in text.lines() {
                        self.host(without_comment(line));
                    }
                }
                Reading::Absent => {}
                Reading::Unknown(why) => self.config.cannot_read(why),
            }
        }
    }

    /// `[tag:…,][set:…,]FIRST[,LAST][,MASK…][,TIME]`. A range for known clients alone has `static` for its last
    /// address, and one of a proxy `proxy`. A label that is to be set may stand without `set:`.
    fn range(&mut self, value: &str) {
        let is_label = |part: &&str| {
            !part.bytes().all(|byte| b" .:".contains(&byte) || byte.is_ascii_hexdigit())
        };
        let mut parts = value.split(',').map(str::trim).skip_while(is_label);
        let Some(first) = parts.next().and_then(|first| first.parse::<Ipv4Addr>().ok()) else {
            return;
        };
        let last = match parts.next() {
            Some("static" | "proxy") => return,
            Some(last) => last.parse().unwrap_or(first),
            None => first,
        };
        self.config.add_range(first, last);
    }

    /// `52:54:00:4b:5e:57,10.0.0.2,web`, with labels, a time and identifiers in any place.
    fn host(&mut self, value: &str) {
        let parts: Vec<&str> = value.split(',').map(str::trim).collect();
        let addresses = parts.iter().filter_map(|part| part.parse::<Ipv4Addr>().ok());
        let macs: Vec<Mac> = parts.iter().filter_map(|part| part.parse().ok()).collect();
        for address in addresses {
            if macs.is_empty() {
                self.config.reserve(None, address);
            }
            for mac in &macs {
                self.config.reserve(Some(*mac), address);
            }
        }
    }

    fn finish(mut self) -> Config {
        let without = std::mem::take(&mut self.without_dhcp);
        self.config.interfaces.retain(|name| !without.contains(name));
        self.config.leases = self.lease_files();
        self.config
    }

    fn lease_files(&self) -> Reading<LeaseFiles> {
        let files = |format, path: String| {
            let made_at_start = format == Format::Dnsmasq;
            Reading::Known(LeaseFiles { format, paths: vec![path], made_at_start })
        };
        if self.leases_elsewhere {
            let script = self.script.as_deref().unwrap_or_default();
            let folder = self.first_file.as_ref().and_then(|path| path.rsplit_once('/'));
            return match (folder, self.config.interfaces.first()) {
                (Some((folder, _)), Some(bridge)) if script.ends_with(OF_LIBVIRT) => {
                    files(Format::Libvirt, format!("{folder}/{bridge}.status"))
                }
                _ => Reading::Unknown(Unread::Failed(
                    "dnsmasq leaves it to another program to write its leases".to_owned(),
                )),
            };
        }
        let named = self.lease_file.clone();
        files(Format::Dnsmasq, named.unwrap_or_else(|| usual_place(USUAL_LEASES, self.files)))
    }
}

/// A line up to its comment, which begins the line or follows a blank.
fn without_comment(line: &str) -> &str {
    let ends = line.char_indices().find(|(at, letter)| {
        *letter == '#' && line[..*at].chars().next_back().is_none_or(char::is_whitespace)
    });
    ends.map_or(line, |(at, _)| &line[..at]).trim()
}
