//! Lists the files that match a pattern of a manifest.

use std::{
    fs, io,
    io::Write as _,
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::Path,
    time::Duration,
};

use vmkit_wire::{Needs, Refusal, fits, is_manager_file};

use super::{open::failed, reader::Reader};

/// Most files of one pattern: one for each machine of a busy host.
const MOST_MATCHES: usize = 1024;
/// Most entries of one directory that are looked at.
const MOST_ENTRIES: usize = 16 * 1024;
/// How long a plugin may take to read its list. It reads at once.
const READING: Duration = Duration::from_secs(5);

/// The files that match a pattern.
#[derive(Debug)]
pub(crate) struct FileList {
    /// Their paths, each ended by a line break.
    pub(crate) stream: OwnedFd,
    /// What is not among them though it may match, in a sentence.
    pub(crate) gap: Option<String>,
}

/// The paths that match, sorted, and what is not among them.
#[derive(Debug, Default)]
struct Matches {
    paths: Vec<String>,
    gap: Option<String>,
}

/// The files that match a pattern of the manifest.
pub(crate) fn list(pattern: &str, needs: &Needs, reader: Reader<'_>) -> Result<FileList, Refusal> {
    if !needs.declares_pattern(pattern) {
        return Err(Refusal::denied(format!("the manifest declares no files {pattern:?}")));
    }
    let absolute = reader.absolute(pattern)?;
    let found = match (reader.with_rights(|| matches(&absolute)), reader.broker) {
        (Err(refusal), Some(broker)) if refusal.denied && is_manager_file(pattern) => {
            Matches { paths: broker.manager_files(pattern).map_err(|_| refusal)?, gap: None }
        }
        (found, _) => found?,
    };
    let stream = stream(found.paths.join("\n").into_bytes())
        .map_err(|error| Refusal::failed(format!("list {pattern}: {error}")))?;
    Ok(FileList { stream, gap: found.gap.map(|why| format!("{pattern}: {why}")) })
}

/// A stream of these bytes, which the plugin reads.
pub(crate) fn stream(bytes: Vec<u8>) -> io::Result<OwnedFd> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_write_timeout(Some(READING))?;
    // The bytes may be more than the buffer of the socket holds.
    std::thread::spawn(move || {
        // A plugin that does not read them gets no more.
        (&ours).write_all(&bytes).ok();
    });
    Ok(theirs.into())
}

/// The paths of the files that match an absolute pattern.
fn matches(pattern: &str) -> Result<Matches, Refusal> {
    let mut paths = vec![String::new()];
    let (mut refused, mut gap) = (None, None);
    let mut parts = pattern.split('/').skip(1).peekable();
    while let Some(part) = parts.next() {
        let mut below = Vec::new();
        for path in paths {
            match entries(&path, part) {
                Ok(found) => {
                    below.extend(found.paths);
                    gap = gap.or(found.gap);
                }
                Err(refusal) if refusal.not_found => {}
                Err(refusal) => refused = Some(refusal),
            }
        }
        // Others may make any number of entries.
        let most = if parts.peek().is_some() { MOST_ENTRIES } else { MOST_MATCHES };
        if below.len() > most {
            gap = Some(format!("of {} entries only the first {most} are used", below.len()));
            below.truncate(most);
        }
        paths = below;
    }
    // Without a single match, a directory that cannot be listed is what there is to say.
    match refused {
        Some(refusal) if paths.is_empty() => Err(refusal),
        Some(refusal) => Ok(Matches { paths, gap: Some(refusal.message) }),
        None => Ok(Matches { paths, gap }),
    }
}

/// The paths below `path` whose last part matches, sorted. One without a `*` is taken as it is: whether it
/// exists shows below it, or when it is opened.
fn entries(path: &str, part: &str) -> Result<Matches, Refusal> {
    let folder = Path::new(if path.is_empty() { "/" } else { path });
    if !part.contains('*') {
        let named = format!("{path}/{part}");
        // One that may not be looked at may exist.
        return match Path::new(&named)
            .symlink_metadata()
            .map_err(|error| failed("look at", folder, &error))
        {
            Err(refusal) if refusal.not_found => Ok(Matches::default()),
            _ => Ok(Matches { paths: vec![named], gap: None }),
        };
    }
    let listed = fs::read_dir(folder).map_err(|error| failed("list", folder, &error))?;
    let mut gap = None;
    let mut paths = Vec::new();
    for (count, entry) in listed.enumerate() {
        if count >= MOST_ENTRIES {
            gap = Some(format!("{} has more than {MOST_ENTRIES} entries", folder.display()));
            break;
        }
        match entry.map(|entry| entry.file_name().into_string()) {
            Ok(Ok(name)) if !name.chars().any(char::is_control) && fits(part, &name) => {
                paths.push(format!("{path}/{name}"));
            }
            // No pattern of a manifest is about such a name.
            Ok(_) => {}
            Err(error) => gap = Some(failed("list", folder, &error).message),
        }
    }
    paths.sort();
    Ok(Matches { paths, gap })
}

#[cfg(test)]
mod tests {
    use std::{fs::File, io::Read as _};

    use vmkit_wire::ReadFile;

    use super::*;

    fn lines(pattern: &str, needs: &Needs, reader: Reader<'_>) -> String {
        match list(pattern, needs, reader) {
            Ok(list) => {
                let mut text = String::new();
                File::from(list.stream).read_to_string(&mut text).unwrap();
                text
            }
            Err(Refusal { not_found: true, .. }) => "not found".to_owned(),
            Err(refusal) => refusal.message,
        }
    }

    fn needs(files: &[&str]) -> Needs {
        let read_files = files.iter().map(|path| ReadFile::Path((*path).to_owned())).collect();
        Needs { read_files, ..Needs::default() }
    }

    #[test]
    fn lists_what_matches_a_declared_pattern() {
        let needs = needs(&["/etc/pass*word", "/etc/p*sswd", "/none/*.leases"]);
        let reader = Reader { account: None, home: None, broker: None };
        assert_eq!(lines("/etc/p*sswd", &needs, reader), "/etc/passwd");
        assert_eq!(lines("/none/*.leases", &needs, reader), "");
        let expected = "the manifest declares no files \"/etc/*.conf\"";
        assert_eq!(lines("/etc/*.conf", &needs, reader), expected);
    }

    #[test]
    fn lists_files_below_directories_of_home() {
        let home = tempfile::tempdir().unwrap();
        for name in ["b", "a c", "empty", "line\nbreak"] {
            fs::create_dir_all(home.path().join("vms").join(name)).unwrap();
        }
        for file in
            ["vms/b/vm.yaml", "vms/a c/vm.yaml", "vms/a c/x.vbox", "vms/line\nbreak/vm.yaml"]
        {
            fs::write(home.path().join(file), "").unwrap();
        }
        fs::write(home.path().join("vms/file"), "").unwrap();
        let patterns = ["{home}/vms/*/vm.yaml", "{home}/vms/*/*.vbox", "{home}/none/*/vm.yaml"];
        let needs = needs(&patterns);
        let reader = Reader { account: None, home: Some(home.path()), broker: None };
        let below = |names: &[&str]| {
            let names = names.iter().map(|name| format!("{}/{name}", home.path().display()));
            names.collect::<Vec<_>>().join("\n")
        };
        let expected = [
            below(&["vms/a c/vm.yaml", "vms/b/vm.yaml"]),
            below(&["vms/a c/x.vbox"]),
            String::new(),
        ];
        for (pattern, expected) in patterns.iter().zip(expected) {
            assert_eq!(lines(pattern, &needs, reader), expected, "{pattern}");
        }
    }

    #[test]
    fn lists_many_files_and_not_all() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("vms")).unwrap();
        for number in 0..MOST_MATCHES + 10 {
            fs::write(home.path().join(format!("vms/{number:0>200}.conf")), "").unwrap();
        }
        let needs = needs(&["{home}/vms/*.conf"]);
        let reader = Reader { account: None, home: Some(home.path()), broker: None };
        let lines = lines("{home}/vms/*.conf", &needs, reader);
        assert_eq!(lines.lines().count(), MOST_MATCHES);
        let gap = list("{home}/vms/*.conf", &needs, reader).unwrap().gap;
        let expected = "{home}/vms/*.conf: of 1034 entries only the first 1024 are used";
        assert_eq!(gap.as_deref(), Some(expected));
    }
}
