//! What a fake host answers to questions.

use std::collections::HashMap;

use vmkit_abi::{ErrorCode, Question};
use vmkit_plugin::{AgentAnswer, ArpAnswer, ProcessAnswer, Unread};

/// Why a question is not answered.
pub(crate) type Refused = (ErrorCode, String);

/// One answer as names and values.
type Attributes = Vec<(String, String)>;

/// The answers that a test has given to its host.
#[derive(Default)]
pub(crate) struct Answers {
    pub(crate) agents: HashMap<usize, Result<String, Unread>>,
    pub(crate) arp: Vec<ArpAnswer>,
    pub(crate) processes: Vec<ProcessAnswer>,
}

impl Answers {
    /// The answers to this question.
    pub(crate) fn to(
        &self,
        question: Question,
        words: &[&str],
    ) -> Result<Vec<Attributes>, Refused> {
        match question {
            Question::WHO_HAS if self.arp.is_empty() => {
                Err((ErrorCode::DENIED, "the fake host has no right to ask by ARP".to_owned()))
            }
            Question::WHO_HAS => {
                let asked = |answer: &&ArpAnswer| {
                    words.iter().any(|word| *word == answer.address.to_string())
                };
                Ok(self.arp.iter().filter(asked).map(ArpAnswer::attributes).collect())
            }
            Question::GUEST_AGENTS => {
                Ok(words.iter().skip(1).filter_map(|vm| self.agent(vm)).collect())
            }
            Question::PROCESSES => {
                Ok(self.processes.iter().map(ProcessAnswer::attributes).collect())
            }
            _ => Err((ErrorCode::NOT_FOUND, "the fake host knows no such question".to_owned())),
        }
    }

    fn agent(&self, vm: &str) -> Option<Attributes> {
        let vm = vm.parse().ok()?;
        let missing = || Err(Unread::Failed("the fake host has no such agent".to_owned()));
        let reply = self.agents.get(&vm).cloned().unwrap_or_else(missing);
        Some(AgentAnswer { vm, reply }.attributes())
    }
}
