//! Who runs vmkit, and with what rights.

use std::{ffi::OsString, path::PathBuf};

use nix::unistd::{Uid, User};
use rustix::process::{getegid, geteuid};
use vmkit_types::{Reading, Unread};

/// The user on whose behalf vmkit runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoker {
    /// The user; under sudo, the one who called sudo.
    pub uid: u32,
    /// Their group; under sudo, that of the one who called sudo.
    pub gid: u32,
    /// Root by way of sudo: environment and working directory are another user's.
    pub via_sudo: bool,
    /// The effective user is root.
    pub privileged: bool,
    /// Their home directory, never taken from the environment when privileged.
    pub home: Reading<PathBuf>,
}

/// The invoker of this process.
pub(crate) fn invoker() -> Invoker {
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    decide(uid, gid, |name| std::env::var_os(name), home_in_user_database)
}

fn decide(
    uid: u32,
    gid: u32,
    environment: impl Fn(&str) -> Option<OsString>,
    home_of: impl FnOnce(u32) -> Reading<PathBuf>,
) -> Invoker {
    let privileged = uid == 0;
    let number = |name| environment(name).and_then(|value| id(value.to_str()?));
    // sudo alone sets these for root; anybody else could claim to be anyone.
    let caller = if privileged { number("SUDO_UID").zip(number("SUDO_GID")) } else { None };
    let (uid, gid) = caller.unwrap_or((uid, gid));
    let own_home = || environment("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    let home = match own_home() {
        Some(home) if !privileged => Reading::Known(home),
        _ => home_of(uid),
    };
    Invoker { uid, gid, via_sudo: caller.is_some(), privileged, home }
}

/// A user or group number in decimal digits alone. The greatest one means "no user" to the kernel.
fn id(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number != u32::MAX)
}

/// Asks the system's user database. It has no deadline to give, but sudo or the login has just
/// asked it for the same user, and local users are found before any server is asked.
fn home_in_user_database(uid: u32) -> Reading<PathBuf> {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(Some(user)) if user.dir.is_absolute() => Reading::Known(user.dir),
        Ok(_) => Reading::Absent,
        Err(error) => {
            Reading::Unknown(Unread::Failed(format!("look up user {uid}: {}", error.desc())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The effective user, the environment; then user, group, via sudo, privileged and home.
    type Row<'a> = (u32, &'a [(&'a str, &'a str)], (u32, u32, bool, bool), &'a str);

    #[test]
    fn sudo_is_believed_only_by_root_and_home_only_by_others() {
        let home = ("HOME", "/home/evil");
        let table: &[Row<'_>] = &[
            (1000, &[home], (1000, 7, false, false), "/home/evil"),
            (1000, &[], (1000, 7, false, false), "/database/1000"),
            (1000, &[("HOME", "relative")], (1000, 7, false, false), "/database/1000"),
            (
                1000,
                &[home, ("SUDO_UID", "0"), ("SUDO_GID", "0")],
                (1000, 7, false, false),
                "/home/evil",
            ),
            (0, &[home], (0, 7, false, true), "/database/0"),
            (
                0,
                &[home, ("SUDO_UID", "501"), ("SUDO_GID", "20")],
                (501, 20, true, true),
                "/database/501",
            ),
            (0, &[("SUDO_UID", "501")], (0, 7, false, true), "/database/0"),
            (0, &[("SUDO_UID", "+501"), ("SUDO_GID", "20")], (0, 7, false, true), "/database/0"),
            (
                0,
                &[("SUDO_UID", "4294967295"), ("SUDO_GID", "20")],
                (0, 7, false, true),
                "/database/0",
            ),
            (
                0,
                &[("SUDO_UID", "99999999999"), ("SUDO_GID", "")],
                (0, 7, false, true),
                "/database/0",
            ),
        ];
        for (uid, environment, (expected_uid, gid, via_sudo, privileged), home) in table {
            let look = |name: &str| {
                environment.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
            };
            let found =
                decide(*uid, 7, look, |uid| Reading::Known(format!("/database/{uid}").into()));
            let expected = Invoker {
                uid: *expected_uid,
                gid: *gid,
                via_sudo: *via_sudo,
                privileged: *privileged,
                home: Reading::Known(home.into()),
            };
            assert_eq!(found, expected, "{uid} {environment:?}");
        }
    }

    #[test]
    fn the_user_database_knows_root_and_not_everybody() {
        assert!(matches!(home_in_user_database(0), Reading::Known(home) if home.is_absolute()));
        assert_eq!(home_in_user_database(3_999_999_999), Reading::Absent);
    }
}
