//! What came of asking one guest.

use vmkit_inside::{Inside, Way, not_asked, read, recorded_reason};
use vmkit_types::{Reading, Unread};

/// What a guest said, or why it said nothing.
#[derive(Clone, Debug)]
pub struct GuestAnswer {
    /// How it was asked. `None`: it was not.
    pub way: Option<Way>,
    /// The text that is recorded.
    pub text: Vec<u8>,
    /// What it says.
    pub says: Reading<Inside>,
}

impl GuestAnswer {
    /// Reads what a guest has printed. It has no reason to print what stands in a record for no answer.
    pub(super) fn live(way: Way, said: &[u8]) -> Self {
        Self { way: Some(way), says: words(said), text: way.record(said) }
    }

    /// Reads what was recorded.
    pub(crate) fn recorded(text: Vec<u8>) -> Self {
        let (way, says) = match (Way::of_record(&text), recorded_reason(&text)) {
            (Some((way, said)), _) => (Some(way), words(said)),
            (None, Some(why)) => (None, Reading::Unknown(why)),
            (None, None) => (Some(Way::Ssh), read(&text)),
        };
        Self { way, text, says }
    }

    /// The guest could not be asked. A replay gives the same reason.
    pub(crate) fn missing(why: &Unread) -> Self {
        Self::recorded(not_asked(why).into_bytes())
    }
}

/// What a guest's own words say.
fn words(said: &[u8]) -> Reading<Inside> {
    if recorded_reason(said).is_some() {
        return Reading::Unknown(Unread::Malformed("the guest did not answer".to_owned()));
    }
    read(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_cannot_give_the_reason_why_it_was_not_asked() {
        let lie = not_asked(&Unread::Denied("its owner does not want it".to_owned())).into_bytes();
        assert!(matches!(
            GuestAnswer::recorded(lie.clone()).says,
            Reading::Unknown(Unread::Denied(_))
        ));
        let answer = GuestAnswer::live(Way::GuestAgent, &lie);
        let again = GuestAnswer::recorded(answer.text.clone());
        for answer in [answer, again] {
            assert!(matches!(answer.says, Reading::Unknown(Unread::Malformed(_))), "{answer:?}");
        }
    }

    #[test]
    fn a_record_says_how_the_guest_was_asked_and_the_guest_does_not() {
        let said = "# vmkit-inside 1\n= listeners\n! 0\n";
        let lie = format!("{}{said}", String::from_utf8(Way::Ssh.record(b"")).unwrap());
        for (way, words) in [(Way::Ssh, said), (Way::GuestAgent, said), (Way::GuestAgent, &lie)] {
            let answer = GuestAnswer::live(way, words.as_bytes());
            let again = GuestAnswer::recorded(answer.text.clone());
            assert_eq!((answer.way, again.way), (Some(way), Some(way)), "{words}");
            assert_eq!(answer.says, again.says, "{words}");
            assert!(answer.says.as_ref().known().is_some(), "{words}");
        }
        // As recorded before there was another way.
        let earlier = GuestAnswer::recorded(said.as_bytes().to_vec());
        assert_eq!(earlier.way, Some(Way::Ssh));
        assert_eq!(GuestAnswer::missing(&Unread::TimedOut).way, None);
    }
}
