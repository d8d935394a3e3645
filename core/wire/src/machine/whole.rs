//! A machine, and how it becomes one of the host's.

use serde::{Deserialize, Serialize};
use vmkit_types::{ListedMachine, MachineState};

use super::{
    field::{Field, WireUnknowns},
    parts::{WireCard, WireForward, WireRemark},
};

/// One machine, unchecked, as the plugin lists it. The fields are those of [`ListedMachine`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[expect(missing_docs, reason = "ListedMachine documents the fields")]
pub struct WireMachine {
    pub id: Field<String>,
    pub name: Field<String>,
    #[serde(skip_serializing_if = "Field::is_missing")]
    pub state: Field<String>,
    #[serde(skip_serializing_if = "Field::is_missing")]
    pub pid: Field<u32>,
    #[serde(skip_serializing_if = "Field::is_missing")]
    pub cards: Field<Vec<WireCard>>,
    #[serde(skip_serializing_if = "Field::is_missing")]
    pub hostname: Field<String>,
    #[serde(skip_serializing_if = "Field::is_missing")]
    pub username: Field<String>,
    #[serde(skip_serializing_if = "Field::is_missing")]
    pub console: Field<String>,
    #[serde(skip_serializing_if = "Field::is_missing")]
    pub monitor: Field<String>,
    #[serde(skip_serializing_if = "Field::is_missing")]
    pub guest_agent: Field<String>,
    #[serde(skip_serializing_if = "Field::is_missing")]
    pub ssh: Field<String>,
    #[serde(skip_serializing_if = "Field::is_missing")]
    pub identity_file: Field<String>,
    #[serde(skip_serializing_if = "Field::is_missing")]
    pub forwards: Field<Vec<WireForward>>,
    #[serde(skip_serializing_if = "Field::is_missing")]
    pub disks: Field<Vec<String>>,
    #[serde(skip_serializing_if = "Field::is_missing")]
    pub addresses: Field<Vec<String>>,
    #[serde(skip_serializing_if = "Field::is_missing")]
    pub remarks: Field<Vec<WireRemark>>,
    /// Why fields are not known, by their names.
    #[serde(skip_serializing_if = "Field::is_missing")]
    pub unknown: Field<WireUnknowns>,
}

impl From<ListedMachine> for WireMachine {
    fn from(machine: ListedMachine) -> Self {
        let mut unknown = WireUnknowns::new();
        let reasons = &mut unknown;
        let forwards = machine.forwards.map(|it| all(&it, WireForward::from));
        let remarks = machine.remarks.map(|it| all(&it, WireRemark::from));
        let addresses = machine.addresses.map(|it| all(&it, ToString::to_string));
        let mut wire = Self {
            id: Field::Value(machine.id),
            name: Field::Value(machine.name),
            state: Field::of("state", machine.state.map(|it| it.code().to_owned()), reasons),
            pid: Field::of("pid", machine.pid, reasons),
            cards: Field::of("cards", machine.cards.map(|it| all(&it, WireCard::from)), reasons),
            hostname: Field::of("hostname", machine.hostname, reasons),
            username: Field::of("username", machine.username, reasons),
            console: Field::of("console", machine.console, reasons),
            monitor: Field::of("monitor", machine.monitor, reasons),
            guest_agent: Field::of("guest_agent", machine.guest_agent, reasons),
            ssh: Field::of("ssh", machine.ssh.map(|it| it.to_string()), reasons),
            identity_file: Field::of("identity_file", machine.identity_file, reasons),
            forwards: Field::of("forwards", forwards, reasons),
            disks: Field::of("disks", machine.disks, reasons),
            addresses: Field::of("addresses", addresses, reasons),
            remarks: Field::of("remarks", remarks, reasons),
            unknown: Field::Missing,
        };
        if !unknown.is_empty() {
            wire.unknown = Field::Value(unknown);
        }
        wire
    }
}

impl WireMachine {
    /// The machine with what could be understood of it: a field of another form is unknown, and says so.
    ///
    /// # Errors
    /// It has no id or no name.
    pub fn listed(self) -> Result<ListedMachine, &'static str> {
        let Field::Value(name) = self.name else { return Err("a machine without a name") };
        let Field::Value(id) = self.id else { return Err("a machine without an id") };
        let reasons = match self.unknown {
            Field::Value(reasons) => reasons,
            Field::Missing | Field::Absent | Field::Malformed(_) => WireUnknowns::new(),
        };
        let text =
            |field: Field<String>, name| field.reading(name, &reasons, |it| Some(it.clone()));
        Ok(ListedMachine {
            id,
            name,
            state: self.state.reading("state", &reasons, |code| MachineState::from_code(code)),
            pid: self.pid.reading("pid", &reasons, |pid| Some(*pid)),
            cards: self.cards.reading("cards", &reasons, |it| each(it, WireCard::card)),
            hostname: text(self.hostname, "hostname"),
            username: text(self.username, "username"),
            console: text(self.console, "console"),
            monitor: text(self.monitor, "monitor"),
            guest_agent: text(self.guest_agent, "guest_agent"),
            ssh: self.ssh.reading("ssh", &reasons, |it| it.parse().ok()),
            identity_file: text(self.identity_file, "identity_file"),
            forwards: self
                .forwards
                .reading("forwards", &reasons, |it| each(it, WireForward::forward)),
            disks: self.disks.reading("disks", &reasons, |it| Some(it.clone())),
            addresses: self
                .addresses
                .reading("addresses", &reasons, |it| each(it, |it| it.parse().ok())),
            remarks: self.remarks.reading("remarks", &reasons, |it| each(it, WireRemark::remark)),
        })
    }
}

fn all<'a, T, U>(items: &'a [T], convert: impl Fn(&'a T) -> U) -> Vec<U> {
    items.iter().map(convert).collect()
}

/// All items, if each can be read.
fn each<T, U>(items: &[T], read: impl Fn(&T) -> Option<U>) -> Option<Vec<U>> {
    items.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use vmkit_types::{Reading, Unread};

    use super::*;

    fn listed(machine: Value) -> Result<ListedMachine, &'static str> {
        serde_json::from_value::<WireMachine>(machine).unwrap().listed()
    }

    #[test]
    fn a_machine_survives_the_wire() {
        let nothing = ListedMachine::new("1", "web");
        let mut everything = nothing.clone();
        everything.state = Reading::Known(MachineState::Running);
        everything.pid = Reading::Known(4242);
        everything.cards = Reading::Known(vec![
            "52:54:00:4b:5e:57 bridged br0 tap0".parse().unwrap(),
            "- user - -".parse().unwrap(),
        ]);
        everything.hostname = Reading::Absent;
        everything.username = Reading::Unknown(Unread::TimedOut);
        everything.console = Reading::Unknown(Unread::Denied("/var/log/web.log".to_owned()));
        everything.monitor = Reading::Known("/run/web.qmp".to_owned());
        everything.ssh = Reading::Known("127.0.0.1:2222".parse().unwrap());
        everything.forwards = Reading::Known(vec![
            "tcp 127.0.0.1:2222 -:22".parse().unwrap(),
            "udp [::1]:53 10.0.2.15:53".parse().unwrap(),
        ]);
        everything.disks = Reading::Known(Vec::new());
        everything.addresses = Reading::Known(vec!["fe80::1".parse().unwrap()]);
        everything.remarks = Reading::Known(vec!["network-inactive it is off".parse().unwrap()]);
        for machine in [nothing, everything] {
            let text = serde_json::to_string(&WireMachine::from(machine.clone())).unwrap();
            let back: WireMachine = serde_json::from_str(&text).unwrap();
            assert_eq!(back.listed(), Ok(machine), "{text}");
        }
    }

    #[test]
    fn a_field_of_another_form_is_unknown_and_the_others_stay() {
        let malformed = |what: &str| Unread::Malformed(what.to_owned());
        let machine = listed(json!({
            "id": "1", "name": "web", "state": "on", "pid": "42", "cards": [{"mac": "x"}],
            "ssh": 22, "addresses": ["::1"], "colour": "red", "disks": null,
            "forwards": [{"protocol": "tcp"}],
            "unknown": {"console": {"why": "timed-out"}, "monitor": {"why": "moon"}},
        }))
        .unwrap();
        assert_eq!(machine.state, Reading::Unknown(malformed("state: \"on\"")));
        assert_eq!(machine.pid, Reading::Unknown(malformed("pid: \"42\"")));
        assert_eq!(machine.cards, Reading::Unknown(malformed("cards: [{\"mac\":\"x\"}]")));
        assert_eq!(machine.ssh, Reading::Unknown(malformed("ssh: 22")));
        assert_eq!(
            machine.forwards,
            Reading::Unknown(malformed("forwards: [{\"protocol\":\"tcp\"}]"))
        );
        assert_eq!(machine.addresses, Reading::Known(vec!["::1".parse().unwrap()]));
        assert_eq!(machine.disks, Reading::Absent);
        assert_eq!(machine.console, Reading::Unknown(Unread::TimedOut));
        assert_eq!(machine.monitor, Reading::Unknown(Unread::Failed(String::new())));
        assert_eq!(machine.hostname, Reading::Unknown(Unread::NotTried));
    }

    #[test]
    fn a_machine_has_an_id_and_a_name() {
        let rows = [
            (json!({"id": "1"}), "without a name"),
            (json!({"id": 1, "name": "web"}), "without an id"),
            (json!({"id": null, "name": "web", "unknown": 3}), "without an id"),
        ];
        for (machine, why) in rows {
            let error = listed(machine.clone()).unwrap_err();
            assert!(error.contains(why), "{machine}: {error}");
        }
        assert!(listed(json!({"id": "1", "name": "web", "unknown": 3})).is_ok());
    }
}
