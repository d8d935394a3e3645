//! Gives up root's rights, for good.

use std::io;

use nix::unistd::{Uid, User};
use vmkit_wire::Account;

/// Why the rights could not be given up. The process must end then.
#[derive(Debug, thiserror::Error)]
#[error("give up root's rights: {operation}")]
pub struct IdentityError {
    operation: &'static str,
    source: io::Error,
}

/// Makes this process, which must have one thread and be root, this user for good: with the user's
/// groups, without capabilities, and without a program that could give any back.
///
/// Root itself has no other user to become. It keeps the rights over files that a root login expects,
/// and the rights to start and end workers as another user; those over the network, the kernel and
/// other processes are gone.
///
/// # Errors
/// The system refuses a step.
pub fn become_user(account: Account) -> Result<(), IdentityError> {
    // The call has no deadline, but sudo has just looked up the same user. Root needs no database, and
    // a user that it does not know has no further groups.
    let name = match account.uid {
        0 => None,
        uid => User::from_uid(Uid::from_raw(uid)).ok().flatten().map(|user| user.name),
    };
    system::give_up(account, name.as_deref())
}

#[cfg(target_os = "linux")]
mod system {
    use std::{ffi::CString, io};

    use rustix::{
        process::{Gid, Uid},
        thread::{
            CapabilitySet, CapabilitySets, capability_is_in_bounding_set,
            clear_ambient_capability_set, remove_capability_from_bounding_set, set_capabilities,
            set_no_new_privs, set_thread_groups, set_thread_res_gid, set_thread_res_uid,
        },
    };

    use super::{Account, IdentityError};

    /// What a root login keeps.
    const OF_ROOT: CapabilitySet = CapabilitySet::CHOWN
        .union(CapabilitySet::DAC_OVERRIDE)
        .union(CapabilitySet::DAC_READ_SEARCH)
        .union(CapabilitySet::FOWNER)
        .union(CapabilitySet::KILL)
        .union(CapabilitySet::SETGID)
        .union(CapabilitySet::SETUID);

    pub(super) fn give_up(account: Account, name: Option<&str>) -> Result<(), IdentityError> {
        let failed = |operation| {
            move |error: rustix::io::Errno| IdentityError { operation, source: error.into() }
        };
        let kept = if account.uid == 0 { OF_ROOT } else { CapabilitySet::empty() };
        // While the process still may.
        bound(kept).map_err(failed("bound the capabilities"))?;
        clear_ambient_capability_set().map_err(failed("clear the ambient capabilities"))?;
        if account.uid != 0 {
            let groups = groups(account, name)
                .map_err(|source| IdentityError { operation: "list the user's groups", source })?;
            let (uid, gid) = (Uid::from_raw(account.uid), Gid::from_raw(account.gid));
            set_thread_groups(&groups).map_err(failed("take the user's groups"))?;
            set_thread_res_gid(gid, gid, gid).map_err(failed("take the user's group"))?;
            set_thread_res_uid(uid, uid, uid).map_err(failed("become the user"))?;
        }
        let sets = CapabilitySets {
            effective: kept,
            permitted: kept,
            inheritable: CapabilitySet::empty(),
        };
        set_capabilities(None, sets).map_err(failed("drop the capabilities"))?;
        set_no_new_privs(true).map_err(failed("forbid new privileges"))?;
        let root = Uid::from_raw(0);
        if account.uid != 0 && set_thread_res_uid(root, root, root).is_ok() {
            let source = io::Error::other("the process can become root again");
            return Err(IdentityError { operation: "become the user", source });
        }
        Ok(())
    }

    /// No program that is started later can have more than these.
    fn bound(kept: CapabilitySet) -> rustix::io::Result<()> {
        for number in 0..u64::BITS {
            let Some(capability) = CapabilitySet::from_bits(1 << number) else { continue };
            // The kernel knows no capability of this number, nor a higher one.
            let Ok(is_in) = capability_is_in_bounding_set(capability) else { break };
            if is_in && !kept.contains(capability) {
                remove_capability_from_bounding_set(capability)?;
            }
        }
        Ok(())
    }

    /// All groups of the user; those of a user that the database lacks are the one alone.
    fn groups(account: Account, name: Option<&str>) -> io::Result<Vec<Gid>> {
        let Some(name) = name else { return Ok(vec![Gid::from_raw(account.gid)]) };
        let name = CString::new(name)?;
        let groups = nix::unistd::getgrouplist(&name, nix::unistd::Gid::from_raw(account.gid))?;
        Ok(groups.into_iter().map(|group| Gid::from_raw(group.as_raw())).collect())
    }
}

#[cfg(target_os = "macos")]
mod system {
    use std::{ffi::CString, io};

    use nix::unistd::{Gid, Uid, setgid, setuid};

    use super::{Account, IdentityError};

    pub(super) fn give_up(account: Account, name: Option<&str>) -> Result<(), IdentityError> {
        if account.uid == 0 {
            return Ok(());
        }
        let failed = |operation| move |source: io::Error| IdentityError { operation, source };
        take_groups(account, name).map_err(failed("take the user's groups"))?;
        setgid(Gid::from_raw(account.gid))
            .map_err(|error| failed("take the user's group")(error.into()))?;
        setuid(Uid::from_raw(account.uid))
            .map_err(|error| failed("become the user")(error.into()))?;
        if setuid(Uid::from_raw(0)).is_ok() {
            return Err(failed("become the user")(io::Error::other("it can become root again")));
        }
        Ok(())
    }

    fn take_groups(account: Account, name: Option<&str>) -> io::Result<()> {
        // The system counts groups without a sign and takes this one with: that of nobody is -2.
        let gid = account.gid.cast_signed();
        let done = match name {
            Some(name) => {
                let name = CString::new(name)?;
                // SAFETY: the name is a live string that ends with a zero byte.
                unsafe { libc::initgroups(name.as_ptr(), gid) }
            }
            // SAFETY: the pointer is to one live group id, as the length says.
            None => unsafe { libc::setgroups(1, &raw const account.gid) },
        };
        if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}
