//! Which part of the packets gets where.

use super::{
    compare::Truth,
    passage::{Passage, Quoted},
};

/// Whether the packet gets here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    Never,
    Certainly,
    /// Some of the packets do, by chance or up to a rate.
    Partly {
        by_chance: bool,
        rule: Quoted,
    },
    /// That rule is not understood.
    Unknown(Quoted),
}

impl Reach {
    /// The part of this for which a condition of the rule holds.
    pub(super) fn and(&self, truth: Truth, rule: &Quoted) -> Self {
        match (truth, self) {
            (Truth::No, _) | (_, Self::Never) => Self::Never,
            (Truth::Yes, _)
            | (_, Self::Unknown(_))
            | (Truth::ByRate, Self::Partly { by_chance: true, .. }) => self.clone(),
            (Truth::Unknown, _) => Self::Unknown(rule.clone()),
            (Truth::ByChance, _) => Self::Partly { by_chance: true, rule: rule.clone() },
            (Truth::ByRate, _) => Self::Partly { by_chance: false, rule: rule.clone() },
        }
    }

    /// The part of this for which it does not hold.
    pub(super) fn and_not(&self, truth: Truth, rule: &Quoted) -> Self {
        match truth {
            Truth::No => self.clone(),
            Truth::Yes => Self::Never,
            other => self.and(other, rule),
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::Never, _) => other,
            (_, Self::Never) | (Self::Unknown(_) | Self::Certainly, _) => self,
            (_, Self::Unknown(_) | Self::Certainly) => other,
            (Self::Partly { by_chance, .. }, _) => {
                if *by_chance {
                    self
                } else {
                    other
                }
            }
        }
    }
}

/// What became of all packets.
pub(super) fn outcome(
    drops: &[(Reach, Quoted)],
    rest: &Reach,
    translated: Option<bool>,
) -> Passage {
    let certain = drops.iter().find(|(reach, _)| *reach == Reach::Certainly).cloned();
    let Some((reach, rule)) = certain.or_else(|| drops.last().cloned()) else {
        return Passage::Passes { translated };
    };
    if *rest == Reach::Never {
        return Passage::Drops { rule };
    }
    let mut all = drops.iter().map(|(reach, _)| reach).chain([rest, &reach]);
    if let Some(unknown) = all.find_map(|reach| match reach {
        Reach::Unknown(rule) => Some(rule.clone()),
        _ => None,
    }) {
        return Passage::Unknown { rule: unknown };
    }
    let by_chance =
        drops.iter().any(|(reach, _)| matches!(reach, Reach::Partly { by_chance: true, .. }));
    Passage::DropsSome { rule, by_chance }
}
