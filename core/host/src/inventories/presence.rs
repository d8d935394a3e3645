//! Which inventories have something to look at here.

use vmkit_wire::{Manifest, ReadFile};

use crate::{
    files::{Reader, are_present},
    processes::Seen,
};

/// For each manifest, whether its manager may be on this computer. Without `seen` only its files say so.
pub(super) fn of_each(
    manifests: &[&Manifest],
    reader: Reader<'_>,
    seen: Option<&Seen>,
) -> Vec<bool> {
    let lists: Vec<Vec<String>> = manifests.iter().map(|manifest| patterns(manifest)).collect();
    let by_files = are_present(&lists, reader);
    let both = manifests.iter().zip(lists).zip(by_files);
    both.map(|((manifest, patterns), by_files)| {
        let needs = manifest.needs_here();
        // What looks neither at files nor at processes asks others, such as a server.
        let looks_elsewhere =
            patterns.is_empty() && needs.processes.is_empty() && manifest.present.is_empty();
        // Many managers run the same programs, such as QEMU: where files or a service's socket say that this
        // one is here, processes do not.
        let says_otherwise = !manifest.present.is_empty() || !needs.local_api.is_empty();
        let by_processes = !says_otherwise && seen.is_some_and(|seen| seen.may_have(needs));
        looks_elsewhere || by_files || by_processes
    })
    .collect()
}

/// The patterns; one has to match: those that say so, or all files that it reads.
fn patterns(manifest: &Manifest) -> Vec<String> {
    let needs = manifest.needs_here();
    if !manifest.present.is_empty() {
        // Some are of another platform.
        let here = manifest.present.iter().filter(|pattern| needs.declares_file(pattern));
        return here.cloned().collect();
    }
    let path = |file: &ReadFile| match file {
        ReadFile::Path(path) => Some(path.clone()),
        ReadFile::Console => None,
    };
    let sockets = needs.local_api.iter().map(|api| api.socket.clone());
    needs.read_files.iter().filter_map(path).chain(sockets).collect()
}

#[cfg(test)]
mod tests {
    use vmkit_types::Reading;

    use super::*;

    /// A service that is not on computers that run tests.
    const ABSENT: &str = r#"{"socket":"/var/snap/lxd/common/lxd/unix.socket",
        "path":"/1.0/instances?recursion=2&all-projects=true"}"#;

    #[test]
    fn an_inventory_is_present_by_its_files_or_its_processes() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(home.path().join("vms/web")).unwrap();
        std::fs::write(home.path().join("vms/web/vm.yaml"), "").unwrap();
        let own = std::env::current_exe().unwrap();
        let own = own.file_name().unwrap().to_str().unwrap();
        let reader = Reader { account: None, home: Some(home.path()), broker: None };
        let here = r#""read_files":["{home}/vms/*/vm.yaml","/etc/none/x.conf"]"#;
        // Its needs, what of them shows presence, without processes and with them.
        let rows = [
            (here.to_owned(), "[]", true, true),
            (here.to_owned(), r#"["/etc/none/x.conf"]"#, false, false),
            (r#""read_files":["{home}/none/x.conf"]"#.to_owned(), "[]", false, false),
            (format!(r#""processes":["{own}"]"#), "[]", false, true),
            (
                format!(r#""processes":["{own}"],"read_files":["/etc/none/x.conf"]"#),
                r#"["/etc/none/x.conf"]"#,
                false,
                false,
            ),
            (r#""processes":["no-such-program"]"#.to_owned(), "[]", false, false),
            (format!(r#""local_api":[{ABSENT}],"processes":["{own}"]"#), "[]", false, false),
            (r#""network":true"#.to_owned(), "[]", true, true),
            (String::new(), "[]", true, true),
        ];
        let manifest = |needs: &str, present: &str| -> Manifest {
            let text = format!(
                r#"{{"id":"a","version":"1","epoch":1,"kinds":["inventory"],"needs":{{{needs}}},"present":{present}}}"#
            );
            text.parse().unwrap()
        };
        let platform = vmkit_platform::current();
        let processes = vmkit_platform::Platform::processes(&platform);
        assert!(matches!(processes, Reading::Known(_)), "{processes:?}");
        for (needs, present, without, with) in rows {
            let manifest = manifest(&needs, present);
            let seen = Seen::of(&processes, &[manifest.needs_here()], &platform);
            assert_eq!(of_each(&[&manifest], reader, None), [without], "{needs}");
            assert_eq!(of_each(&[&manifest], reader, Some(&seen)), [with], "{needs}");
        }
    }
}
