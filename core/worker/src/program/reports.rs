//! What a program reports, as the host hears it.

use vmkit_wire::{
    AdviceLine, ObservationLine, StepLine, WireAdvice, WireAdviceKind, WireObservation, WireStep,
    WireWord,
};

use crate::call::bounded;

/// Most attributes of an observation that are passed on.
const MOST_ATTRIBUTES: usize = 16;
/// Most reasons, steps or words of an advice that are passed on.
const MOST_LINES: usize = 64;
/// The word of a command that stands for the machine's name.
const MACHINE_NAME: &str = "{vm}";

pub(super) fn observation(line: ObservationLine) -> WireObservation {
    let text = |text: Option<String>| text.map(|text| bounded(&text));
    let attributes = line.attributes.into_iter().take(MOST_ATTRIBUTES);
    WireObservation {
        vm: line.vm,
        kind: bounded(&line.kind),
        address: text(line.address),
        mac: text(line.mac),
        age_ms: line.age_ms,
        says: bounded(&line.says),
        attributes: attributes.map(|(name, value)| (bounded(&name), bounded(&value))).collect(),
    }
}

pub(super) fn advice(line: &AdviceLine) -> WireAdvice {
    let kind = match (line.kind.as_str(), &line.mac, &line.seen) {
        ("router", ..) => WireAdviceKind::Router,
        ("remedy", ..) => WireAdviceKind::Remedy,
        ("witness", Some(mac), Some(seen)) => {
            WireAdviceKind::Witness { mac: bounded(mac), seen: bounded(seen) }
        }
        _ => WireAdviceKind::Unknown,
    };
    WireAdvice {
        kind,
        id: bounded(&line.id),
        title: bounded(&line.title),
        confidence_permille: permille(line.confidence),
        because: line.because.iter().take(MOST_LINES).map(|line| bounded(line)).collect(),
        steps: line.steps.iter().take(MOST_LINES).map(step).collect(),
    }
}

fn step(step: &StepLine) -> WireStep {
    let word = |word: &String| match word.as_str() {
        MACHINE_NAME => WireWord::MachineName,
        word => WireWord::Literal(bounded(word)),
    };
    let command = step.command.iter().take(MOST_LINES).map(word).collect();
    WireStep { text: bounded(&step.text), command }
}

/// A probability in thousandths.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies in 0 to 1000")]
fn permille(confidence: f64) -> u16 {
    (confidence.clamp(0.0, 1.0) * 1000.0).round() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_advice_keeps_what_it_says() {
        let rows = [
            (r#"{"kind":"router","confidence":0.9}"#, "Router 900"),
            (r#"{"kind":"remedy","confidence":7e300}"#, "Remedy 1000"),
            (r#"{"kind":"remedy","confidence":-1}"#, "Remedy 0"),
            (r#"{"kind":"witness","mac":"m"}"#, "Unknown 0"),
            (r#"{"kind":"oracle","mac":"m","seen":"listed"}"#, "Unknown 0"),
            (
                r#"{"kind":"witness","mac":"m","seen":"listed"}"#,
                "Witness { mac: \"m\", seen: \"listed\" } 0",
            ),
        ];
        for (text, expected) in rows {
            let advice = advice(&serde_json::from_str(text).unwrap());
            assert_eq!(format!("{:?} {}", advice.kind, advice.confidence_permille), expected);
        }
        let text = r#"{"kind":"remedy","steps":[{"text":"x","command":["vm","doctor","{vm}"]}]}"#;
        let steps = advice(&serde_json::from_str(text).unwrap()).steps;
        let expected = r#"[Literal("vm"), Literal("doctor"), MachineName]"#;
        assert_eq!(format!("{:?}", steps[0].command), expected);
    }

    #[test]
    fn an_observation_is_bounded() {
        let attributes: Vec<String> = (0..99).map(|n| format!("\"{n}\":\"v\"")).collect();
        let text = format!(
            r#"{{"vm":4294967295,"kind":"k","says":"{}","attributes":{{{}}}}}"#,
            "x".repeat(100_000),
            attributes.join(",")
        );
        let seen = observation(serde_json::from_str(&text).unwrap());
        assert_eq!((seen.attributes.len(), seen.says.len()), (MOST_ATTRIBUTES, 4096));
    }
}
