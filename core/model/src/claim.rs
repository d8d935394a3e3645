//! Claims: evidence of kinds that plugins declare for themselves.

use std::{collections::HashSet, fmt, ops::RangeInclusive, str::FromStr, time::Duration};

use vmkit_types::Kind;

/// The own kinds of one plugin, and how much its user lets them count.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginClaims {
    /// Id of the plugin.
    pub plugin: String,
    /// Its kinds, as its manifest declares them.
    pub kinds: Vec<ClaimKind>,
    /// What its claims may add up to. `None`: they share the limit of all plugins for which nobody
    /// has set one.
    pub limit: Option<ClaimLimit>,
}

/// One kind of evidence that a plugin declares for itself.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimKind {
    /// Its code: the id of the plugin, a dot and a word.
    pub code: String,
    /// The origin: claims of one origin are one fact told several times.
    pub group: String,
    /// The time after which half of its weight is left.
    pub half_life: Duration,
    /// How much likelier the claim is if the address is the machine's than if it is not.
    pub likelihood_ratio: f64,
    /// What it says, for people.
    pub says: String,
}

/// The factor by which the claims of one plugin together may raise or lower the odds of an address:
/// what a user sets by `vm plugin trust --weight`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimLimit(u16);

impl ClaimLimit {
    /// As much as a guest's own word counts at most.
    const FULL: Self = Self(1000);

    /// A factor from 1, which shows the claims and gives them no weight, to 1000.
    pub fn new(factor: u16) -> Option<Self> {
        (1..=Self::FULL.0).contains(&factor).then_some(Self(factor))
    }

    /// The factor.
    pub fn factor(self) -> u16 {
        self.0
    }
}

/// Most own kinds of one plugin.
const MOST_KINDS: usize = 16;
/// Longest name of a group, in bytes.
const LONGEST_GROUP: usize = 40;
/// Longest sentence about a kind, in bytes.
const LONGEST_SENTENCE: usize = 200;
/// Half-lives that make sense: from a second to a year.
const HALF_LIVES: RangeInclusive<u64> = 1..=366 * 24 * 60 * 60;
/// Likelihood ratios that a plugin may declare. The upper bound is that of [`ClaimLimit`].
const RATIOS: RangeInclusive<f64> = 0.001..=1000.0;

/// What is wrong with the own kinds of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimFault {
    /// There are too many.
    Number,
    /// A kind is not the plugin's id, a dot and a word.
    Code,
    /// A kind is declared twice.
    Twice,
    /// A group is not a word.
    Group,
    /// A half-life is too short or too long.
    HalfLife,
    /// A likelihood ratio is too small, too great or no number.
    Ratio,
    /// A sentence is empty, too long or holds control characters.
    Says,
}

impl fmt::Display for ClaimFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number => write!(f, "at most {MOST_KINDS} kinds"),
            Self::Code => write!(
                f,
                "a `kind` is the plugin's id, a dot and a word of lower-case letters, digits and \
                 hyphens, together at most {} bytes",
                Kind::LONGEST_CODE
            ),
            Self::Twice => f.write_str("each `kind` once"),
            Self::Group => write!(
                f,
                "a `group` is a word of at most {LONGEST_GROUP} lower-case letters, digits and hyphens"
            ),
            Self::HalfLife => write!(
                f,
                "a `half_life_s` is from {} to {}, a year",
                HALF_LIVES.start(),
                HALF_LIVES.end()
            ),
            Self::Ratio => {
                write!(f, "a `likelihood_ratio` is from {} to {}", RATIOS.start(), RATIOS.end())
            }
            Self::Says => {
                write!(f, "`says` is one line of at most {LONGEST_SENTENCE} bytes, and not empty")
            }
        }
    }
}

impl std::error::Error for ClaimFault {}

impl PluginClaims {
    /// The own kinds of this plugin, for which nobody has set a limit.
    ///
    /// # Errors
    /// What no plugin may declare.
    pub fn new(plugin: &str, kinds: Vec<ClaimKind>) -> Result<Self, ClaimFault> {
        if kinds.len() > MOST_KINDS {
            return Err(ClaimFault::Number);
        }
        let mut codes = HashSet::new();
        for kind in &kinds {
            kind.check(plugin)?;
            if !codes.insert(&kind.code) {
                return Err(ClaimFault::Twice);
            }
        }
        Ok(Self { plugin: plugin.to_owned(), kinds, limit: None })
    }
}

impl ClaimKind {
    fn check(&self, plugin: &str) -> Result<(), ClaimFault> {
        let word = self.code.strip_prefix(plugin).and_then(|rest| rest.strip_prefix('.'));
        let short = self.code.len() <= Kind::LONGEST_CODE;
        let group = self.group.len() <= LONGEST_GROUP && is_word(&self.group);
        let sentence = (1..=LONGEST_SENTENCE).contains(&self.says.len())
            && !self.says.chars().any(char::is_control);
        let rules = [
            (short && word.is_some_and(is_word), ClaimFault::Code),
            (group, ClaimFault::Group),
            (HALF_LIVES.contains(&self.half_life.as_secs()), ClaimFault::HalfLife),
            // No range contains NaN.
            (RATIOS.contains(&self.likelihood_ratio), ClaimFault::Ratio),
            (sentence, ClaimFault::Says),
        ];
        rules.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, fault)| Err(fault))
    }
}

fn is_word(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(plain)
}

impl fmt::Display for ClaimLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for ClaimLimit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "full" {
            return Ok(Self::FULL);
        }
        text.parse().ok().and_then(Self::new).ok_or("a whole number from 1 to 1000, or `full`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_whole_factor_or_full() {
        let rows = [
            ("1", Some(1)),
            ("50", Some(50)),
            ("1000", Some(1000)),
            ("full", Some(1000)),
            ("0", None),
            ("1001", None),
            ("-1", None),
            ("2.5", None),
            ("inf", None),
            ("NaN", None),
            ("", None),
        ];
        for (text, factor) in rows {
            assert_eq!(text.parse().ok().map(ClaimLimit::factor), factor, "{text}");
        }
    }

    fn kind(code: &str) -> ClaimKind {
        ClaimKind {
            code: code.to_owned(),
            group: "netbox".to_owned(),
            half_life: Duration::from_hours(1),
            likelihood_ratio: 20.0,
            says: "NetBox has this address for the VM".to_owned(),
        }
    }

    #[test]
    fn a_plugin_declares_kinds_of_its_own_name_within_bounds() {
        let good = || kind("netbox.address");
        let ratio = |ratio| vec![ClaimKind { likelihood_ratio: ratio, ..good() }];
        let lasting =
            |seconds| vec![ClaimKind { half_life: Duration::from_secs(seconds), ..good() }];
        let grouped = |group: &str| vec![ClaimKind { group: group.to_owned(), ..good() }];
        let saying = |says: String| vec![ClaimKind { says, ..good() }];
        let many = |count: u32| (0..count).map(|n| kind(&format!("netbox.k{n}"))).collect();
        let rows: [(Vec<ClaimKind>, Option<ClaimFault>); 29] = [
            (vec![], None),
            (vec![good(), kind("netbox.name")], None),
            (vec![good(), good()], Some(ClaimFault::Twice)),
            (many(16), None),
            (many(17), Some(ClaimFault::Number)),
            // It can shadow neither a kind of vmkit nor one of another plugin.
            (vec![kind("neighbour-reachable")], Some(ClaimFault::Code)),
            (vec![kind("netbox-2.address")], Some(ClaimFault::Code)),
            (vec![kind("netbox")], Some(ClaimFault::Code)),
            (vec![kind("netbox.")], Some(ClaimFault::Code)),
            (vec![kind("netbox.a.b")], Some(ClaimFault::Code)),
            (vec![kind("netbox.\u{1b}[2J")], Some(ClaimFault::Code)),
            (vec![kind(&format!("netbox.{}", "a".repeat(58)))], Some(ClaimFault::Code)),
            (grouped(""), Some(ClaimFault::Group)),
            (grouped("a b"), Some(ClaimFault::Group)),
            (lasting(0), Some(ClaimFault::HalfLife)),
            (lasting(1), None),
            (lasting(u64::MAX), Some(ClaimFault::HalfLife)),
            (ratio(0.0), Some(ClaimFault::Ratio)),
            (ratio(-3.0), Some(ClaimFault::Ratio)),
            (ratio(f64::NAN), Some(ClaimFault::Ratio)),
            (ratio(f64::INFINITY), Some(ClaimFault::Ratio)),
            (ratio(f64::NEG_INFINITY), Some(ClaimFault::Ratio)),
            (ratio(1e300), Some(ClaimFault::Ratio)),
            (ratio(f64::MIN_POSITIVE), Some(ClaimFault::Ratio)),
            (ratio(0.001), None),
            (ratio(1000.0), None),
            (saying(String::new()), Some(ClaimFault::Says)),
            (saying("a\nb".to_owned()), Some(ClaimFault::Says)),
            (saying("x".repeat(201)), Some(ClaimFault::Says)),
        ];
        for (kinds, fault) in rows {
            assert_eq!(PluginClaims::new("netbox", kinds.clone()).err(), fault, "{kinds:?}");
        }
    }
}
