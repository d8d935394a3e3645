//! Limits files, network ports and signals by Landlock: everything that is not allowed is refused.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, PathBeneath,
    PathFd, Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetStatus,
    Scope,
};
use vmkit_wire::{Needs, ReadFile};

/// The newest version of Landlock that this code knows. Older kernels enforce less.
const KNOWN: ABI = ABI::V6;

/// Directories of shared libraries that a plugin may be linked with.
const LIBRARIES: [&str; 5] = ["/usr/lib", "/usr/lib64", "/lib", "/lib64", "/nix/store"];

/// Files that name resolution reads.
const RESOLVER_FILES: [&str; 4] =
    ["/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf"];

/// Restricts this process. Returns how far the kernel enforces it.
pub(super) fn restrict(needs: &Needs, library: Option<&OwnedFd>) -> Result<&'static str, String> {
    let status = rules(needs, library)
        .and_then(RulesetCreated::restrict_self)
        .map_err(|error| format!("cannot restrict files and network: {error}"))?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => "files and network by Landlock",
        RulesetStatus::PartiallyEnforced => {
            "files and network by Landlock as far as this kernel can"
        }
        RulesetStatus::NotEnforced => "files not confined (this kernel has no Landlock)",
    })
}

fn rules(
    needs: &Needs,
    library: Option<&OwnedFd>,
) -> Result<RulesetCreated, landlock::RulesetError> {
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(KNOWN))?
        .scope(Scope::from_all(KNOWN))?;
    if !needs.network {
        ruleset = ruleset.handle_access(AccessNet::from_all(KNOWN))?;
    }
    let mut rules = ruleset.create()?;
    let read: BitFlags<AccessFs> = AccessFs::ReadFile.into();
    let read_tree = AccessFs::ReadFile | AccessFs::ReadDir;
    for directory in LIBRARIES {
        rules = allow(rules, directory, read_tree)?;
    }
    rules = allow(rules, "/etc/ld.so.cache", read)?;
    if let Some(library) = library {
        rules = rules.add_rule(PathBeneath::new(library.as_fd(), read))?;
    }
    if needs.network {
        for file in RESOLVER_FILES {
            rules = allow(rules, file, read)?;
        }
    }
    // The host opens the console logs, and a relative path means nothing here.
    let absolute = needs.read_files.iter().filter_map(|file| match file {
        ReadFile::Path(path) => Some(path.as_str()).filter(|path| path.starts_with('/')),
        ReadFile::Console => None,
    });
    for file in absolute {
        // A pattern permits the whole directory, because files come and go in it.
        rules = match file.rsplit_once('/') {
            Some((directory, name)) if name.contains('*') => allow(rules, directory, read_tree)?,
            _ => allow(rules, file, read)?,
        };
    }
    for program in &needs.exec {
        rules = allow(rules, program, AccessFs::ReadFile | AccessFs::Execute)?;
    }
    Ok(rules)
}

/// Allows this access to what lies at `path`; a path that does not exist needs no rule.
fn allow(
    rules: RulesetCreated,
    path: &str,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, landlock::RulesetError> {
    let Ok(place) = PathFd::new(path) else { return Ok(rules) };
    let access = if is_directory(place.as_fd()) { access } else { access & !AccessFs::ReadDir };
    rules.add_rule(PathBeneath::new(place, access))
}

fn is_directory(place: BorrowedFd<'_>) -> bool {
    rustix::fs::fstat(place).is_ok_and(|status| {
        rustix::fs::FileType::from_raw_mode(status.st_mode) == rustix::fs::FileType::Directory
    })
}
