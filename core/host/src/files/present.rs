//! Whether files of a manager are on this computer.

use std::{fs, io, path::Path};

use vmkit_wire::fits;

use super::reader::Reader;

/// Most entries of one directory that are looked at, as when its files are listed.
const MOST_ENTRIES: usize = 16 * 1024;

/// For each list of patterns, whether one of them matches something, or lies in a directory that may not be
/// listed.
pub(crate) fn are_present(lists: &[Vec<String>], reader: Reader<'_>) -> Vec<bool> {
    let absolute = |pattern: &String| reader.absolute(pattern).ok();
    let lists: Vec<Vec<String>> =
        lists.iter().map(|patterns| patterns.iter().filter_map(absolute).collect()).collect();
    let count = lists.len();
    let looked = reader.with_rights(move || {
        let is_present =
            |patterns: &Vec<String>| patterns.iter().any(|pattern| matches("", pattern));
        Ok(lists.iter().map(is_present).collect())
    });
    // Who could not look cannot say that it is absent.
    looked.unwrap_or_else(|_| vec![true; count])
}

/// Whether something below this directory matches the rest of a pattern, from its `/` on.
fn matches(directory: &str, rest: &str) -> bool {
    let Some((literal, starred)) = at_first_star(rest) else {
        return may_exist(Path::new(&format!("{directory}{rest}")).symlink_metadata());
    };
    let folder = format!("{directory}{literal}");
    let entries = match fs::read_dir(if folder.is_empty() { "/" } else { &folder }) {
        Ok(entries) => entries,
        Err(error) => return error.kind() == io::ErrorKind::PermissionDenied,
    };
    let (part, below) =
        starred.split_once('/').map_or((starred, ""), |(part, _)| (part, &starred[part.len()..]));
    let names =
        entries.take(MOST_ENTRIES).filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut matching = names.filter(|name| fits(part, name));
    matching.any(|name| below.is_empty() || matches(&format!("{folder}/{name}"), below))
}

/// The part of a pattern before the first component with a `*`, without the `/` between, and the rest.
fn at_first_star(pattern: &str) -> Option<(&str, &str)> {
    let star = pattern.find('*')?;
    let slash = pattern[..star].rfind('/')?;
    Some((&pattern[..slash], &pattern[slash + 1..]))
}

fn may_exist<T>(looked: io::Result<T>) -> bool {
    looked.map_or_else(|error| error.kind() == io::ErrorKind::PermissionDenied, |_| true)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use vmkit_wire::Account;

    use super::*;

    #[test]
    fn a_manager_is_present_if_something_matches_or_may_not_be_listed() {
        let place = tempfile::tempdir().unwrap();
        let home = place.path().join("home");
        for directory in ["vms/web", "vms/empty", "closed/x"] {
            fs::create_dir_all(home.join(directory)).unwrap();
        }
        fs::write(home.join("vms/web/vm.yaml"), "").unwrap();
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(home.join("closed"), fs::Permissions::from_mode(0o0)).unwrap();
        let root = rustix::process::geteuid().is_root();
        let account = root.then_some(Account { uid: 65534, gid: 65534 });
        let reader = Reader { account, home: Some(&home), broker: None };
        let rows: [(&[&str], bool); 9] = [
            (&["{home}/vms/*/vm.yaml"], true),
            (&["{home}/vms/*/*.yaml"], true),
            (&["{home}/vms/*/*.vbox"], false),
            (&["{home}/vms/*/vm.json"], false),
            (&["{home}/none/*/vm.json", "{home}/vms/web/vm.yaml"], true),
            (&["{home}/none/x"], false),
            (&["{home}/closed/*/vm.yaml"], true),
            (&["{home}/closed/x/vm.yaml"], true),
            (&[], false),
        ];
        let lists =
            rows.iter().map(|(patterns, _)| patterns.iter().map(|it| (*it).into()).collect());
        let lists: Vec<Vec<String>> = lists.collect();
        let present = are_present(&lists, reader);
        for ((patterns, expected), present) in rows.iter().zip(present) {
            assert_eq!(present, *expected, "{patterns:?}");
        }
        let homeless = are_present(&lists, Reader { home: None, ..reader });
        assert!(!homeless.contains(&true));
        fs::set_permissions(home.join("closed"), fs::Permissions::from_mode(0o755)).unwrap();
    }
}
