//! The changes of a plan as a unified diff.

use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

/// Lines of context around a change, as in `diff -u`.
const CONTEXT: usize = 3;

/// The lines of a unified diff without the two that name the files. Bytes that are not UTF-8 are
/// replaced.
pub fn unified(before: &[u8], after: &[u8]) -> Vec<String> {
    let before: Vec<&[u8]> = before.split_inclusive(|byte| *byte == b'\n').collect();
    let after: Vec<&[u8]> = after.split_inclusive(|byte| *byte == b'\n').collect();
    // Skip the equal beginning and end, which may be millions of lines.
    let same = |(a, b): &(&&[u8], &&[u8])| a == b;
    let head = before.iter().zip(&after).take_while(same).count();
    let (rest_before, rest_after) = (&before[head..], &after[head..]);
    let tail = rest_before.iter().rev().zip(rest_after.iter().rev()).take_while(same).count();
    let start = head.saturating_sub(CONTEXT);
    let end = tail.saturating_sub(CONTEXT);
    let (before, after) = (&before[start..before.len() - end], &after[start..after.len() - end]);
    let ops = capture_diff_slices(Algorithm::Myers, before, after);
    let mut out = Vec::new();
    for group in group_diff_ops(ops, CONTEXT) {
        out.push(heading(&group, start));
        for op in group {
            let (tag, of_before, of_after) = op.as_tag_tuple();
            if tag == DiffTag::Equal {
                before[of_before].iter().for_each(|line| push(&mut out, ' ', line));
            } else {
                before[of_before].iter().for_each(|line| push(&mut out, '-', line));
                after[of_after].iter().for_each(|line| push(&mut out, '+', line));
            }
        }
    }
    out
}

fn push(out: &mut Vec<String>, sign: char, line: &[u8]) {
    let (line, whole) = match line.strip_suffix(b"\n") {
        Some(line) => (line, true),
        None => (line, false),
    };
    out.push(format!("{sign}{}", String::from_utf8_lossy(line)));
    if !whole {
        out.push("\\ No newline at end of file".to_owned());
    }
}

/// `@@ -1,3 +1,4 @@`, with the numbers that `patch` expects.
fn heading(group: &[DiffOp], start: usize) -> String {
    let (Some(first), Some(last)) = (group.first(), group.last()) else { return String::new() };
    let range = |from: usize, to: usize| {
        let count = to - from;
        // An empty range is numbered by the line before it.
        let first = start + from + usize::from(count > 0);
        if count == 1 { first.to_string() } else { format!("{first},{count}") }
    };
    let before = range(first.old_range().start, last.old_range().end);
    let after = range(first.new_range().start, last.new_range().end);
    format!("@@ -{before} +{after} @@")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_format_of_diff_u() {
        let long = |line: &str| {
            let numbered: Vec<_> = (1..=40).map(|n| format!("{n}")).collect();
            numbered.join("\n").replace("\n20\n", &format!("\n{line}\n")) + "\n"
        };
        let rows = [
            ("a\nb\n", "a\nb\n", vec![]),
            ("", "a\n", vec!["@@ -0,0 +1 @@", "+a"]),
            ("a\n", "", vec!["@@ -1 +0,0 @@", "-a"]),
            (
                "a",
                "a\nb\n",
                vec!["@@ -1 +1,2 @@", "-a", "\\ No newline at end of file", "+a", "+b"],
            ),
            (
                &long("x"),
                &long("y"),
                vec!["@@ -17,7 +17,7 @@", " 17", " 18", " 19", "-x", "+y", " 21", " 22", " 23"],
            ),
        ];
        for (before, after, expected) in rows {
            assert_eq!(unified(before.as_bytes(), after.as_bytes()), expected, "{before:?}");
        }
    }

    #[test]
    fn finds_changes_in_long_files_quickly() {
        let mut before = Vec::new();
        for number in 0..1_000_000 {
            before.extend_from_slice(format!("0.0.0.0 ads{number}.test\n").as_bytes());
        }
        let mut after = before.clone();
        after.extend_from_slice(b"192.168.1.64 web\n");
        assert_eq!(unified(&before, &after).len(), 5);
    }
}
