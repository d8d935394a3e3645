//! `vm snapshot show`.

use std::io::{self, Write};

use super::{Terminal, counted, style::Role};
use crate::{Recorded, clean::shown, time::rfc3339};

/// Most names of machines in a line.
const NAMES_IN_A_LINE: usize = 10;

pub(crate) fn write_recorded(
    recorded: &Recorded,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let directory = shown(&recorded.directory);
    let title = format!("Snapshot {directory}");
    writeln!(out, "{}", terminal.style.paint(Role::Heading, &title))?;
    let unknown = || "not recorded".to_owned();
    let captured_at = rfc3339(recorded.captured_at).unwrap_or_else(unknown);
    let platform = recorded.platform.as_deref().map_or_else(unknown, shown);
    let rights = match recorded.privileged {
        Some(true) => "root",
        Some(false) => "user",
        None => "not recorded",
    };
    let network = match recorded.interfaces {
        Some(count) => counted(count, "interface"),
        None => unknown(),
    };
    writeln!(out, "  captured  {captured_at}")?;
    writeln!(out, "  platform  {platform}")?;
    writeln!(out, "  rights    {rights}")?;
    writeln!(out, "  network   {network}")?;
    writeln!(out, "  VMs       {}", machines(&recorded.machines))?;
    writeln!(out)?;
    let width = recorded.artefacts.iter().map(|(name, _)| shown(name).len()).max().unwrap_or(0);
    for (name, size) in &recorded.artefacts {
        writeln!(out, "  {:width$}  {size} bytes", shown(name))?;
    }
    if recorded.artefacts.is_empty() {
        writeln!(out, "  No signal recorded anything.")?;
    }
    writeln!(out)?;
    writeln!(out, "Next: vm status --from {directory}")
}

fn machines(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(NAMES_IN_A_LINE).map(|name| shown(name)).collect();
    match names.len().saturating_sub(NAMES_IN_A_LINE) {
        _ if names.is_empty() => "none".to_owned(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn says_what_was_not_recorded() {
        let recorded = Recorded {
            directory: "/tmp/s\x1b[2J".to_owned(),
            captured_at: SystemTime::UNIX_EPOCH,
            platform: None,
            privileged: Some(false),
            interfaces: None,
            machines: vec!["web".to_owned()],
            artefacts: vec![("neigh/ip-neigh.json".to_owned(), 7)],
        };
        let mut out = Vec::new();
        write_recorded(&recorded, &mut out, Terminal::default()).unwrap();
        let expected = "\
Snapshot /tmp/s\\x1b[2J
  captured  1970-01-01T00:00:00.000Z
  platform  not recorded
  rights    user
  network   not recorded
  VMs       web

  neigh/ip-neigh.json  7 bytes

Next: vm status --from /tmp/s\\x1b[2J
";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
