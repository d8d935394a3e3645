//! Whether the files of a repository are no more than an index may have.

/// Most bytes of all files together.
const MOST_BYTES: u64 = 64 << 20;
/// Most files.
const MOST_FILES: usize = 10_000;

/// Checks what `git ls-tree -r -l -z` prints, before a file is written. Links become files with their
/// target as text, and submodules stay empty.
///
/// # Errors
/// What is too much, or a path that leads elsewhere.
pub(super) fn check(listing: &[u8]) -> Result<(), String> {
    let mut bytes = 0_u64;
    let entries = listing.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
    for (index, entry) in entries.enumerate() {
        if index == MOST_FILES {
            return Err(format!("it has more than {MOST_FILES} files"));
        }
        let entry = String::from_utf8_lossy(entry);
        let unknown = || "git lists its files in a form that is not known".to_owned();
        let (words, path) = entry.split_once('\t').ok_or_else(unknown)?;
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err("a path in it leads elsewhere".to_owned());
        }
        let size = match words.split_whitespace().nth(3).ok_or_else(unknown)? {
            "-" => 0,
            size => size.parse().map_err(|_| unknown())?,
        };
        bytes = bytes.saturating_add(size);
        if bytes > MOST_BYTES {
            return Err(format!("its files have more than {} MiB", MOST_BYTES >> 20));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_bounded_in_number_and_size_and_stay_in_the_index() {
        let id = "0".repeat(40);
        let blob = |size: &str, path: &str| format!("100644 blob {id} {size:>7}\t{path}\0");
        let half = (MOST_BYTES / 2).to_string();
        let halves = blob(&half, "a") + &blob(&half, "b");
        let rows = [
            (String::new(), "fine"),
            (halves.clone(), "fine"),
            (halves + &blob("1", "c"), "more than 64 MiB"),
            (blob("18446744073709551615", "a") + &blob("1", "b"), "more than 64 MiB"),
            (format!("160000 commit {id}       -\tmodule\0"), "fine"),
            (blob("1", "f").repeat(MOST_FILES), "fine"),
            (blob("1", "f").repeat(MOST_FILES + 1), "more than 10000 files"),
            (blob("1", "../f"), "leads elsewhere"),
            (blob("1", "/f"), "leads elsewhere"),
            (blob("x", "f"), "not known"),
            ("nothing".to_owned(), "not known"),
        ];
        for (listing, expected) in rows {
            let said = check(listing.as_bytes()).err().unwrap_or_else(|| "fine".to_owned());
            assert!(said.contains(expected), "{expected}: {said}");
        }
    }
}
