//! Whether a QEMU's command line gives it this monitor or this console log.

use std::path::{Component, Path};

/// What a path is to a QEMU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The socket that a monitor, or the channel of a guest agent, listens on.
    Socket,
    /// A file that a guest's console is written to.
    ConsoleLog,
}

/// How options name a path in each role: the option, what the value begins with, and what stands right
/// before the path.
const FORMS: [(Role, &[&str], &str, &str); 6] = [
    (Role::Socket, &["qmp", "monitor", "qmp-pretty"], "unix:", "unix:"),
    (Role::Socket, &["chardev"], "socket,", ",path="),
    (Role::ConsoleLog, &["serial"], "file:", "file:"),
    (Role::ConsoleLog, &["chardev"], "file,", ",path="),
    (Role::ConsoleLog, &["chardev"], "", ",logfile="),
    (Role::ConsoleLog, &["serial"], "", ",logfile="),
];

/// Whether the arguments name the path in this role. It must be absolute and plain; a path with a comma
/// is written otherwise than it is, and refused.
pub(crate) fn names(arguments: &[String], path: &Path, role: Role) -> bool {
    let plain =
        path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    let Some(path) = path.to_str().filter(|path| plain && path.starts_with('/')) else {
        return false;
    };
    if path.contains([',', '"']) {
        return false;
    }
    arguments.windows(2).any(|pair| {
        let [option, value] = pair else { return false };
        let Some(option) = option.strip_prefix('-') else { return false };
        let option = option.strip_prefix('-').unwrap_or(option);
        FORMS.iter().any(|(of, options, start, before)| {
            *of == role
                && options.contains(&option)
                && value.starts_with(start)
                && is_part(value, before, path)
        })
    })
}

/// Whether a value has `before`, then the path, then its end or a comma.
fn is_part(value: &str, before: &str, path: &str) -> bool {
    value.match_indices(before).any(|(at, _)| {
        let rest = value[at + before.len()..].strip_prefix(path);
        let single = |rest: &str| rest.starts_with(',') && !rest.starts_with(",,");
        rest.is_some_and(|rest| rest.is_empty() || single(rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_counts_in_the_role_that_an_option_gives_it() {
        let socket = "/v/web/web.qmp";
        let log = "/v/web/console.log";
        let rows = [
            ("-qmp unix:/v/web/web.qmp,server,nowait", socket, Role::Socket, true),
            ("--qmp unix:/v/web/web.qmp", socket, Role::Socket, true),
            ("-chardev socket,id=q,path=/v/web/web.qmp,server=on", socket, Role::Socket, true),
            ("-qmp unix:/v/web/web.qmp2,server", socket, Role::Socket, false),
            ("-qmp unix:/v/web/web.qmp,,x,server", socket, Role::Socket, false),
            ("-drive file=/v/web/web.qmp", socket, Role::Socket, false),
            ("-append unix:/v/web/web.qmp", socket, Role::Socket, false),
            ("-serial file:/v/web/console.log", log, Role::ConsoleLog, true),
            ("-chardev file,id=c,path=/v/web/console.log", log, Role::ConsoleLog, true),
            ("-chardev stdio,id=c,logfile=/v/web/console.log", log, Role::ConsoleLog, true),
            ("-serial file:/v/web/console.log", log, Role::Socket, false),
            ("-drive file=/v/web/console.log", log, Role::ConsoleLog, false),
            ("-drive file=file:/v/web/console.log", log, Role::ConsoleLog, false),
            ("-chardev socket,id=c,path=/v/web/console.log", log, Role::ConsoleLog, false),
            ("-serial file:/v/web/../x", "/v/web/../x", Role::ConsoleLog, false),
            ("-serial file:console.log", "console.log", Role::ConsoleLog, false),
            ("-serial", log, Role::ConsoleLog, false),
        ];
        for (line, path, role, expected) in rows {
            let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(names(&arguments, Path::new(path), role), expected, "{line} {role:?}");
        }
    }
}
