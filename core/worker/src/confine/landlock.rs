//! Limits files, network ports and signals by Landlock: everything that is not allowed is refused.

use std::{
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, PathBeneath,
    PathFd, Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetStatus,
    Scope,
};
use rustix::fs::{SealFlags, fcntl_get_seals};
use vmkit_wire::Needs;

use super::role::{Role, Runtime};

/// The newest version of Landlock that this code knows. Older kernels enforce less.
const KNOWN: ABI = ABI::V6;

/// Directories of shared libraries that a plugin may be linked with.
const LIBRARIES: [&str; 5] = ["/usr/lib", "/usr/lib64", "/lib", "/lib64", "/nix/store"];

/// What else interpreters are made of.
const INTERPRETERS: [&str; 3] = ["/usr/share/perl", "/usr/share/perl5", "/usr/share/lua"];

/// The place of what the administrator has built, and its libraries.
const LOCAL: [&str; 2] = ["/usr/local", "/usr/local/lib"];

/// Where the certificates of TLS lie, and its configuration. Private keys lie elsewhere.
const CERTIFICATES: [&str; 8] = [
    "/etc/ssl/certs",
    "/etc/ssl/cert.pem",
    "/etc/ssl/openssl.cnf",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/openssl.cnf",
    "/etc/pki/ca-trust/extracted",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
];

/// Files that name resolution reads.
const RESOLVER_FILES: [&str; 4] =
    ["/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf"];

/// What the list of system calls alone leaves open.
const MISSING: &str = "this kernel has no Landlock, so it can read and write the user's files";

/// Restricts this process. Returns what the kernel enforces, and what it does not confine.
pub(super) fn restrict(
    needs: &Needs,
    role: Role<'_>,
) -> Result<(&'static str, Option<&'static str>), String> {
    let status = rules(needs, role)
        .and_then(RulesetCreated::restrict_self)
        .map_err(|error| format!("cannot restrict files and network: {error}"))?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => ("files and network by Landlock", None),
        RulesetStatus::PartiallyEnforced => {
            ("files and network by Landlock as far as this kernel can", None)
        }
        RulesetStatus::NotEnforced => {
            ("files not confined (this kernel has no Landlock)", Some(MISSING))
        }
    })
}

fn rules(needs: &Needs, role: Role<'_>) -> Result<RulesetCreated, landlock::RulesetError> {
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
    if needs.network {
        for file in RESOLVER_FILES {
            rules = allow(rules, file, read)?;
        }
    }
    match role {
        // A sealed copy lies in no directory: the kernel allows it and takes no rule for it.
        Role::Library(Some(library)) if !is_sealed(library) => {
            rules.add_rule(PathBeneath::new(library.as_fd(), read))
        }
        Role::Program(runtime) => allow_runtime(rules, needs, runtime),
        Role::Library(_) | Role::Interpreter => Ok(rules),
    }
}

/// What a program needs beside libraries. It is started from memory, which takes no rule, so that its
/// loader is the only file that may be executed.
fn allow_runtime(
    mut rules: RulesetCreated,
    needs: &Needs,
    runtime: Runtime<'_>,
) -> Result<RulesetCreated, landlock::RulesetError> {
    let read_tree = AccessFs::ReadFile | AccessFs::ReadDir;
    if let Some(loader) = runtime.loader.and_then(Path::to_str) {
        rules = allow(rules, loader, AccessFs::ReadFile | AccessFs::Execute)?;
    }
    rules = allow(rules, "/dev/null", AccessFs::ReadFile | AccessFs::WriteFile)?;
    let [local, libraries] = LOCAL;
    let of_local = runtime.interpreter.is_some_and(|path| path.starts_with(local));
    let directories = INTERPRETERS.into_iter().chain(of_local.then_some(libraries));
    for directory in directories.chain(CERTIFICATES.into_iter().filter(|_| needs.network)) {
        rules = allow(rules, directory, read_tree)?;
    }
    Ok(rules)
}

/// Whether a library or loader may lie at this path, all links resolved.
pub(crate) fn is_library(real: &Path) -> bool {
    LIBRARIES.iter().any(|directory| real.starts_with(directory))
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

fn is_sealed(library: &OwnedFd) -> bool {
    fcntl_get_seals(library).is_ok_and(|seals| seals.contains(SealFlags::WRITE))
}

fn is_directory(place: BorrowedFd<'_>) -> bool {
    rustix::fs::fstat(place).is_ok_and(|status| {
        rustix::fs::FileType::from_raw_mode(status.st_mode) == rustix::fs::FileType::Directory
    })
}
