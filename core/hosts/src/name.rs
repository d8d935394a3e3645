//! The names that may be written to the hosts file.

/// Longest label and longest name, RFC 1035, 2.3.4.
const LONGEST_LABEL: usize = 63;
const LONGEST_NAME: usize = 253;
/// Names with a fixed meaning on every system.
const RESERVED: [&str; 10] = [
    "localhost",
    "localhost.localdomain",
    "localdomain",
    "broadcasthost",
    "ip6-localhost",
    "ip6-loopback",
    "ip6-localnet",
    "ip6-mcastprefix",
    "ip6-allnodes",
    "ip6-allrouters",
];

/// This computer's names: the full one and its first label.
pub fn own_names() -> Vec<String> {
    let system = rustix::system::uname();
    let whole = system.nodename().to_string_lossy().into_owned();
    let first = whole.split('.').next().unwrap_or_default().to_owned();
    vec![whole, first]
}

/// Why a name is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Empty.
    #[error("it is empty")]
    Empty,
    /// Longer than DNS allows.
    #[error(
        "it is longer than {LONGEST_NAME} characters, or has a part longer than {LONGEST_LABEL}"
    )]
    TooLong,
    /// Characters other than ASCII letters, digits and hyphens, or a hyphen at an end.
    #[error("only letters, digits and hyphens are allowed, in parts between dots")]
    NotPlain,
    /// An address.
    #[error("it looks like an address")]
    Address,
    /// A name with a fixed meaning on every system.
    #[error("it is reserved")]
    Reserved,
}

/// Checks that the name has letters, digits and hyphens in parts between dots, and no other meaning.
///
/// # Errors
/// The reason to reject the name.
pub(crate) fn check_name(name: &str) -> Result<(), InvalidName> {
    if name.is_empty() {
        return Err(InvalidName::Empty);
    }
    if name.len() > LONGEST_NAME || name.split('.').any(|label| label.len() > LONGEST_LABEL) {
        return Err(InvalidName::TooLong);
    }
    let plain = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if !name.split('.').all(plain) {
        return Err(InvalidName::NotPlain);
    }
    // Some resolvers also read `10.1` and `0x7f` as addresses: RFC 1123, 2.1.
    let last = name.rsplit('.').next().unwrap_or(name);
    let hexadecimal = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    let numeric = last.bytes().all(|byte| byte.is_ascii_digit())
        || hexadecimal.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    if numeric {
        return Err(InvalidName::Address);
    }
    let lower = name.to_ascii_lowercase();
    let loopback = lower.ends_with(".localhost");
    if loopback || RESERVED.contains(&lower.as_str()) {
        return Err(InvalidName::Reserved);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_harmful_names() {
        let long = "a".repeat(64);
        let longer = vec!["a".repeat(60); 5].join(".");
        let rows = [
            ("web", Ok(())),
            ("web-1.vm.test", Ok(())),
            ("3com", Ok(())),
            ("", Err(InvalidName::Empty)),
            ("web\n127.0.0.1 bank.test", Err(InvalidName::NotPlain)),
            ("web server", Err(InvalidName::NotPlain)),
            ("web#", Err(InvalidName::NotPlain)),
            ("wеb", Err(InvalidName::NotPlain)),
            ("-web", Err(InvalidName::NotPlain)),
            ("web.", Err(InvalidName::NotPlain)),
            ("web_1", Err(InvalidName::NotPlain)),
            ("LocalHost", Err(InvalidName::Reserved)),
            ("x.localhost", Err(InvalidName::Reserved)),
            ("10.0.0.1", Err(InvalidName::Address)),
            ("10.1", Err(InvalidName::Address)),
            ("0x7f000001", Err(InvalidName::Address)),
            (&long, Err(InvalidName::TooLong)),
            (&longer, Err(InvalidName::TooLong)),
        ];
        for (name, expected) in rows {
            assert_eq!(check_name(name), expected, "{name:?}");
        }
    }
}
