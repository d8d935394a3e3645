//! What the host answers, as lines for a program.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use vmkit_types::{AgentAnswer, ArpAnswer, ArpOutcome, ArpReply, ProcessAnswer, Unread};
use vmkit_wire::{AnswerLine, ArpReplyLine, Part, Question};

/// Most bytes of a file unless the program names a limit.
const USUAL_LIMIT: u64 = 1 << 20;
/// Most bytes of a file.
const MOST_BYTES: u64 = 4 << 20;

/// One answer of the host to this question; `None`: it is of another form.
pub(super) fn line(question: Question, attributes: &[(String, String)]) -> Option<AnswerLine> {
    match question {
        Question::WhoHas => ArpAnswer::from_attributes(attributes).map(arp),
        Question::GuestAgents => AgentAnswer::from_attributes(attributes).map(agent),
        Question::Processes => ProcessAnswer::from_attributes(attributes).map(process),
        Question::Unknown => None,
    }
}

fn arp(answer: ArpAnswer) -> AnswerLine {
    let mut line = AnswerLine {
        address: Some(answer.address.to_string()),
        interface: answer.interface,
        ..AnswerLine::default()
    };
    match answer.outcome {
        ArpOutcome::Replies(replies) => line.replies = Some(replies.iter().map(reply).collect()),
        ArpOutcome::Silent(requests) => line.requests = requests,
        ArpOutcome::Unread(why) => unread(&mut line, &why),
    }
    line
}

fn reply(reply: &ArpReply) -> ArpReplyLine {
    let micros = |time: std::time::Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    ArpReplyLine { mac: reply.mac.to_string(), round_trip_us: reply.round_trip.map(micros) }
}

fn agent(answer: AgentAnswer) -> AnswerLine {
    let mut line = AnswerLine { vm: Some(answer.vm), ..AnswerLine::default() };
    match answer.reply {
        Ok(reply) => line.reply = Some(reply),
        Err(why) => unread(&mut line, &why),
    }
    line
}

fn process(process: ProcessAnswer) -> AnswerLine {
    AnswerLine {
        pid: Some(process.pid),
        user: process.user,
        directory: process.directory,
        arguments: Some(process.arguments),
        ..AnswerLine::default()
    }
}

fn unread(line: &mut AnswerLine, why: &Unread) {
    line.unread = Some(why.code());
    line.detail = Some(why.detail().to_owned()).filter(|detail| !detail.is_empty());
}

/// The part of a file that a program asks for, as answers.
pub(super) fn file(file: File, part: Part) -> io::Result<Vec<AnswerLine>> {
    let (bytes, is_cut) = read(file, part)?;
    let mut lines: Vec<AnswerLine> = if part.by_line {
        // The end of the last line begins no other one.
        let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let lines = text.split(|byte| *byte == b'\n').filter(|_| !bytes.is_empty());
        lines.map(|line| content(line.to_vec())).collect()
    } else {
        vec![content(bytes)]
    };
    if let Some(last) = lines.last_mut().filter(|_| is_cut) {
        last.is_cut = Some(true);
    }
    Ok(lines)
}

fn content(bytes: Vec<u8>) -> AnswerLine {
    match String::from_utf8(bytes) {
        Ok(text) => AnswerLine { text: Some(text), ..AnswerLine::default() },
        Err(error) => {
            AnswerLine { base64: Some(STANDARD.encode(error.as_bytes())), ..AnswerLine::default() }
        }
    }
}

/// The bytes of the part, and whether there are more.
fn read(mut file: File, part: Part) -> io::Result<(Vec<u8>, bool)> {
    let limit = part.limit.unwrap_or(USUAL_LIMIT).min(MOST_BYTES);
    let mut is_cut = false;
    if part.from_end {
        let size = file.seek(SeekFrom::End(0))?;
        let from = size.saturating_sub(limit);
        file.seek(SeekFrom::Start(from))?;
        is_cut = from > 0;
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    let length = usize::try_from(limit).unwrap_or(usize::MAX);
    is_cut |= bytes.len() > length;
    bytes.truncate(length);
    Ok((bytes, is_cut))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn answers(bytes: &[u8], part: &str) -> String {
        let mut made = tempfile::tempfile().unwrap();
        made.write_all(bytes).unwrap();
        made.rewind().unwrap();
        let lines = file(made, serde_json::from_str(part).unwrap()).unwrap();
        let lines: Vec<_> = lines.iter().map(|line| serde_json::to_string(line).unwrap()).collect();
        lines.join(" ")
    }

    #[test]
    fn reads_the_part_that_was_asked_for() {
        let rows: [(&[u8], &str, &str); 10] = [
            (b"a\nb\n", "{}", r#"{"text":"a\nb\n"}"#),
            (b"", "{}", r#"{"text":""}"#),
            (b"a\nb\n", r#"{"by_line":true}"#, r#"{"text":"a"} {"text":"b"}"#),
            (b"a\n\nb", r#"{"by_line":true}"#, r#"{"text":"a"} {"text":""} {"text":"b"}"#),
            (b"", r#"{"by_line":true}"#, ""),
            (b"\n", r#"{"by_line":true}"#, r#"{"text":""}"#),
            (b"abc", r#"{"limit":2}"#, r#"{"text":"ab","is_cut":true}"#),
            (b"abc", r#"{"limit":2,"from_end":true}"#, r#"{"text":"bc","is_cut":true}"#),
            (b"abc", r#"{"limit":9,"from_end":true}"#, r#"{"text":"abc"}"#),
            (b"\xff\n\"", r#"{"by_line":true}"#, r#"{"base64":"/w=="} {"text":"\""}"#),
        ];
        for (bytes, part, expected) in rows {
            assert_eq!(answers(bytes, part), expected, "{part}");
        }
    }

    #[test]
    fn reads_no_more_than_the_most() {
        let bytes = vec![b'x'; 5 << 20];
        assert_eq!(answers(&bytes, "{}").len(), (1 << 20) + r#"{"text":"","is_cut":true}"#.len());
        let part = r#"{"limit":18446744073709551615}"#;
        assert_eq!(answers(&bytes, part).len(), (4 << 20) + r#"{"text":"","is_cut":true}"#.len());
    }

    #[test]
    fn answers_of_the_host_keep_their_values() {
        let silent = ArpOutcome::Silent(Some(3));
        let address = [10, 0, 0, 1].into();
        let interface = Some("br0".to_owned());
        let answer = ArpAnswer { address, interface, outcome: silent, failure: None };
        let denied = AgentAnswer { vm: 7, reply: Err(Unread::Denied("it".to_owned())) };
        let rows = [
            (
                Question::WhoHas,
                answer.attributes(),
                r#"{"address":"10.0.0.1","interface":"br0","requests":3}"#,
            ),
            (
                Question::GuestAgents,
                denied.attributes(),
                r#"{"vm":7,"unread":"denied","detail":"it"}"#,
            ),
        ];
        for (question, attributes, expected) in rows {
            let line = line(question, &attributes).unwrap();
            assert_eq!(serde_json::to_string(&line).unwrap(), expected);
        }
        assert!(line(Question::WhoHas, &denied.attributes()).is_none());
    }
}
