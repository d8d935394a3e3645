//! What a manager's own files say is wrong with a machine.

use std::{fmt, str::FromStr};

/// One thing that is wrong with a machine. As text: the code, a blank and the sentence, such as
/// `network-inactive:default its network "default" is not started`. A colon and what it is about may follow
/// the code.
///
/// ```
/// use vmkit_types::Remark;
///
/// let remark = Remark {
///     code: Remark::NETWORK_INACTIVE.into(),
///     about: Some("default".into()),
///     says: "the network default is not started".into(),
/// };
/// assert_eq!(remark.to_string().parse(), Ok(remark));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Remark {
    /// Lower-case letters and hyphens, such as `network-inactive`. A code that the host does not know is
    /// shown and leads to no diagnosis.
    pub code: String,
    /// What it is about, such as the network's name. A name with white space is not kept.
    pub about: Option<String>,
    /// One sentence for people, such as `its network "default" is not started`.
    pub says: String,
}

/// The text is not a [`Remark`].
///
/// ```
/// assert!("".parse::<vmkit_types::Remark>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRemark;

impl Remark {
    /// A network that the machine is attached to is defined and not started.
    pub const NETWORK_INACTIVE: &'static str = "network-inactive";
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)?;
        let plain = |about: &&str| !about.is_empty() && !about.contains(char::is_whitespace);
        if let Some(about) = self.about.as_deref().filter(plain) {
            write!(f, ":{about}")?;
        }
        write!(f, " {}", self.says)
    }
}

impl FromStr for Remark {
    type Err = InvalidRemark;

    fn from_str(text: &str) -> Result<Self, InvalidRemark> {
        let (code, says) = text.split_once(' ').ok_or(InvalidRemark)?;
        let (code, about) = match code.split_once(':') {
            Some((code, about)) => (code, Some(about)),
            None => (code, None),
        };
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        let about_is_plain = about.is_none_or(|about| {
            !about.is_empty() && !about.contains(|c: char| c.is_whitespace() || c.is_control())
        });
        if code.is_empty() || says.is_empty() || !code.bytes().all(plain) || !about_is_plain {
            return Err(InvalidRemark);
        }
        Ok(Self { code: code.to_owned(), about: about.map(str::to_owned), says: says.to_owned() })
    }
}

impl fmt::Display for InvalidRemark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a code and a sentence")
    }
}

impl std::error::Error for InvalidRemark {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_text_that_it_writes_and_refuses_others() {
        for text in ["network-inactive:default it is not started", "link-down its link is down"] {
            assert_eq!(text.parse::<Remark>().map(|remark| remark.to_string()), Ok(text.into()));
        }
        for text in ["", "code", "code ", "Code says", ":x says", "code: says", "code:\u{7} says"] {
            assert_eq!(text.parse::<Remark>(), Err(InvalidRemark), "{text}");
        }
    }

    #[test]
    fn leaves_out_a_name_with_white_space() {
        let about = Some("my network".to_owned());
        let remark = Remark { code: "a".to_owned(), about, says: "b".to_owned() };
        assert_eq!(remark.to_string(), "a b");
    }
}
