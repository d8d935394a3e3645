//! The user who runs vmkit, and their rights.

use std::{ffi::OsString, path::PathBuf};

use nix::unistd::{Uid, User};
use rustix::process::{getegid, geteuid};
use vmkit_types::{Reading, Unread};

/// The user for whom vmkit runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoker {
    /// The user's id; under sudo, the caller's.
    pub uid: u32,
    /// The group's id; under sudo, the caller's.
    pub gid: u32,
    /// Root through sudo: environment and working directory are another user's.
    pub via_sudo: bool,
    /// The effective user is root.
    pub privileged: bool,
    /// The home directory. Under root it never comes from the environment.
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
    // Only root's values come from sudo; other users could set any.
    let caller = if privileged { number("SUDO_UID").zip(number("SUDO_GID")) } else { None };
    let (uid, gid) = caller.unwrap_or((uid, gid));
    let own_home = || environment("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    let home = match own_home() {
        Some(home) if !privileged => Reading::Known(home),
        _ => home_of(uid),
    };
    Invoker { uid, gid, via_sudo: caller.is_some(), privileged, home }
}

/// A user or group id of decimal digits. The greatest one means "no user" to the kernel.
fn id(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number != u32::MAX)
}

/// Looks up the system's user database. The call has no deadline, but sudo or the login has just
/// looked up the same user, and local users are found without asking a server.
fn home_in_user_database(uid: u32) -> Reading<PathBuf> {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(Some(user)) if user.dir.is_absolute() => Reading::Known(user.dir),
        Ok(_) => Reading::Absent,
        Err(error) => {
            Reading::Unknown(Unread::Failed(format!("look up user {uid}: {}", error.desc())))
        }
    }
}

/// The id of a local user, such as a service's; `None`: there is no such user.
pub fn user_id(name: &str) -> Option<u32> {
    User::from_name(name).ok().flatten().map(|user| user.uid.as_raw())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Effective user and environment, then the expected uid, gid, via sudo, privileged, and home.
    type Row<'a> = (u32, &'a [(&'a str, &'a str)], (u32, u32, bool, bool), &'a str);

    #[test]
    fn only_root_trusts_sudo_and_only_others_trust_home() {
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
    fn looks_up_users_in_the_database() {
        assert!(matches!(home_in_user_database(0), Reading::Known(home) if home.is_absolute()));
        assert_eq!(home_in_user_database(3_999_999_999), Reading::Absent);
    }
}
