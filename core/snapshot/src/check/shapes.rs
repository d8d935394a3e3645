//! Takes the words of a line apart.

/// The line without the escapes of JSON and of URLs, which may hide a name.
pub(super) fn unescaped(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(place) = rest.find(['\\', '%']) {
        out.push_str(&rest[..place]);
        let escape = &rest[place..];
        let code = |digits: Option<&str>| {
            let digits =
                digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
            char::from_u32(u32::from_str_radix(digits, 16).ok()?)
        };
        let (decoded, length) = if escape.starts_with("\\u") {
            (code(escape.get(2..6)), 6)
        } else if escape.starts_with("\\x") {
            (code(escape.get(2..4)), 4)
        } else if escape.starts_with('\\') {
            (Some(' '), 2)
        } else {
            (code(escape.get(1..3)), 3)
        };
        if let (Some(decoded), Some(after)) = (decoded, escape.get(length..)) {
            out.push(decoded);
            rest = after;
        } else {
            out.push(' ');
            rest = &escape[1..];
        }
    }
    out + rest
}

/// Runs of letters, digits and what joins the parts of names and addresses.
pub(super) fn words(line: &str) -> impl Iterator<Item = &str> {
    let joins = |c: char| c.is_alphanumeric() || matches!(c, ':' | '.' | '-' | '_');
    let words = line.split(move |c: char| !joins(c));
    words.map(|word| word.trim_matches([':', '.', '-', '_'])).filter(|word| !word.is_empty())
}

/// The octets of a word that is written as such: in pairs, or in one.
pub(super) fn octets(word: &str) -> Option<Vec<u8>> {
    let separator = [':', '-', '.'].into_iter().find(|separator| word.contains(*separator));
    let groups: Vec<&str> = match separator {
        Some(separator) => word.split(separator).collect(),
        None => vec![word],
    };
    let hex =
        |group: &&str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !groups.iter().all(hex) {
        return None;
    }
    let pairs = |digits: &str| -> Option<Vec<u8>> {
        let octet = |place| u8::from_str_radix(digits.get(place..place + 2)?, 16).ok();
        (0..digits.len()).step_by(2).map(octet).collect()
    };
    let are_pairs =
        separator != Some('.') && groups.len() >= 6 && groups.iter().all(|group| group.len() <= 2);
    if are_pairs {
        return groups.iter().map(|group| u8::from_str_radix(group, 16).ok()).collect();
    }
    let is_iaid =
        separator == Some(':') && groups.len() >= 4 && groups.iter().all(|group| group.len() == 2);
    if is_iaid {
        return pairs(&groups.concat());
    }
    let is_duid =
        separator == Some('-') && groups.len() >= 4 && groups.iter().all(|group| group.len() == 4);
    if is_duid {
        return pairs(&groups.concat());
    }
    let are_fours = groups.len() == 3 && groups.iter().all(|group| group.len() == 4);
    let is_one = separator.is_none()
        && word.len() >= 12
        && word.bytes().any(|byte| byte.is_ascii_alphabetic());
    (are_fours || is_one).then(|| pairs(&groups.concat())).flatten()
}
