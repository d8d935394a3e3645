//! How many are examined at once, and what is said about the others.

use vmkit_diagnose::Omission;

use crate::command_line::command_line;

/// The first of these, and the step that is skipped for the others. `what` tells it from their number;
/// `command` includes it for the first of them.
pub(crate) fn limited<T>(
    mut all: Vec<T>,
    most: usize,
    what: impl Fn(usize) -> String,
    command: impl Fn(&T) -> Vec<&str>,
) -> (Vec<T>, Option<Omission>) {
    let others = all.split_off(most.min(all.len()));
    let omission = others.first().map(|first| Omission {
        what: what(others.len()),
        why: format!("at most {most} are asked in one examination"),
        command: command_line(command(first)),
    });
    (all, omission)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_many_were_left_out() {
        let ask = |names: &[&'static str]| {
            let what = |count| format!("asking {count} more");
            limited(names.to_vec(), 2, what, |name| vec!["vm", "doctor", name])
        };
        assert_eq!(ask(&["web", "db"]), (vec!["web", "db"], None));
        let omission = Omission {
            what: "asking 2 more".to_owned(),
            why: "at most 2 are asked in one examination".to_owned(),
            command: Some("vm doctor 'a mail'".to_owned()),
        };
        assert_eq!(ask(&["web", "db", "a mail", "dns"]), (vec!["web", "db"], Some(omission)));
    }
}
