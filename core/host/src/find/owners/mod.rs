//! Who could change a file, and who could change the program itself.

use std::{
    collections::BTreeSet,
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// The group may write.
const GROUP_WRITES: u32 = 0o020;
/// Everybody may write.
const OTHERS_WRITE: u32 = 0o002;
/// In a sticky directory nobody can replace another's file.
const STICKY: u32 = 0o1000;
/// Permission bits, for messages.
const PERMISSIONS: u32 = 0o7777;

/// A file or a directory above it, as far as it says who may change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Component {
    pub(super) path: PathBuf,
    pub(super) owner: u32,
    pub(super) group: u32,
    pub(super) mode: u32,
    pub(super) directory: bool,
    /// An access list names more users; the group's bits of the mode then bound them all.
    pub(super) listed: bool,
}

impl Component {
    /// What the system says of this path, links not followed.
    pub(super) fn look(path: &Path) -> io::Result<Self> {
        let status = path.symlink_metadata()?;
        Ok(Self {
            path: path.to_owned(),
            owner: status.uid(),
            group: status.gid(),
            mode: status.mode() & PERMISSIONS,
            directory: status.is_dir(),
            listed: has_access_list(path),
        })
    }

    /// Whether others cannot replace what lies in it although they may write to it.
    pub(super) fn is_sticky(&self) -> bool {
        self.directory && self.mode & STICKY != 0
    }

    fn group_writes(&self) -> bool {
        self.mode & GROUP_WRITES != 0
    }

    fn others_write(&self) -> bool {
        self.mode & OTHERS_WRITE != 0
    }
}

#[cfg(target_os = "linux")]
fn has_access_list(path: &Path) -> bool {
    // Of the length alone; an entry that names nobody is not stored.
    let mut nothing: [u8; 0] = [];
    rustix::fs::lgetxattr(path, "system.posix_acl_access", &mut nothing).is_ok_and(|size| size > 0)
}

/// Access lists of macOS are apart from the mode and can only be read by unsafe calls.
#[cfg(not(target_os = "linux"))]
fn has_access_list(_: &Path) -> bool {
    false
}

/// The users who can replace the program, or a directory that leads to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Replacers {
    users: BTreeSet<u32>,
    groups: BTreeSet<u32>,
    everyone: bool,
}

impl Replacers {
    /// Those who can replace the last of these: a file, with every directory above it.
    pub(super) fn of(components: &[Component]) -> Self {
        let mut replacers = Self::default();
        for component in components {
            replacers.users.insert(component.owner);
            // Its entries belong to others: those are counted as owners where they matter.
            if component.is_sticky() {
                continue;
            }
            // Whether the group itself may write, an access list hides.
            if component.group_writes() && !component.listed {
                replacers.groups.insert(component.group);
            }
            replacers.everyone |= component.others_write();
        }
        replacers
    }

    fn include(&self, user: u32, is_member: impl Fn(u32, u32) -> bool) -> bool {
        self.everyone
            || self.users.contains(&user)
            || self.groups.iter().any(|group| is_member(user, *group))
    }
}

/// What makes a file or directory one that others could change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Somebody else owns it.
    #[error("{path} belongs to user {owner}, who could change it")]
    ForeignOwner {
        /// The file, or a directory above it.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// Others can write to it.
    #[error("{path} has mode {mode:o}: others could change it")]
    WritableByOthers {
        /// The file, or a directory above it.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
        /// It is a directory that everybody is meant to write to.
        sticky: bool,
    },
}

impl Fault {
    /// What it is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::ForeignOwner { path, .. } | Self::WritableByOthers { path, .. } => path,
        }
    }
}

/// Who may be able to change what is loaded.
pub(super) struct Rule<'a> {
    /// The user of an unprivileged run; what that user could do anyway adds nothing.
    pub(super) user: Option<u32>,
    /// For the program's own tree: those who could as well replace the program.
    pub(super) replacers: &'a Replacers,
}

impl Rule<'_> {
    /// Why somebody could change this who may not; `is_member` tells whether a user is of a group.
    pub(super) fn fault(
        &self,
        of: &Component,
        is_member: impl Fn(u32, u32) -> bool,
    ) -> Option<Fault> {
        let path = of.path.clone();
        let owns = of.owner == 0 || Some(of.owner) == self.user;
        if !owns && !self.replacers.include(of.owner, is_member) {
            return Some(Fault::ForeignOwner { path, owner: of.owner });
        }
        // Others can put a file beside the user's there, and that one is of a foreign owner.
        if self.replacers.everyone || (of.is_sticky() && self.user.is_some()) {
            return None;
        }
        let of_group =
            of.group_writes() && (of.listed || !self.replacers.groups.contains(&of.group));
        let (mode, sticky) = (of.mode, of.is_sticky());
        (of.others_write() || of_group).then_some(Fault::WritableByOthers { path, mode, sticky })
    }
}

#[cfg(test)]
mod tests;
