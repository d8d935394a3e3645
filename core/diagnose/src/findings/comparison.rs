//! What the machine shares with others that each should have alone.

use vmkit_types::Unread;

use super::sheet::Sheet;
use crate::{Facts, FindingCode, comparison::Shared};

pub(super) fn judge(facts: &Facts<'_>, sheet: &mut Sheet) {
    let (all, machine) = (facts.comparison, facts.machine);
    shared(FindingCode::ClientIdentifierShared, &all.client_identifier(machine), sheet);
    shared(FindingCode::MachineIdentityShared, &all.duid(machine), sheet);
    shared(FindingCode::HostKeyShared, &all.host_key(machine), sheet);
    shared(FindingCode::HostNameShared, &all.host_name(machine), sheet);
    given_twice(facts, sheet);
}

fn shared(code: FindingCode, shared: &Shared, sheet: &mut Sheet) {
    match shared {
        Shared::With(others) => sheet.present(code, format!("it is also that of {others}")),
        Shared::Alone => sheet.absent(code, "no other has it"),
        Shared::OthersUnknown => {
            sheet
                .unknown(code, &Unread::Failed("nothing shows what the other VMs have".to_owned()));
        }
        Shared::OwnUnknown => sheet.unknown(code, &Unread::NotTried),
    }
}

fn given_twice(facts: &Facts<'_>, sheet: &mut Sheet) {
    let code = FindingCode::AddressGivenTwice;
    let Some(second) = facts.comparison.second_gift(facts.machine) else {
        // What the other at its address was given was not seen then.
        let twin = sheet.is_present(FindingCode::AddressSharedWithMachine);
        if facts.comparison.was_given_alone(facts.machine) && !twin {
            sheet.absent(code, "no other client was seen to get its address");
        }
        return;
    };
    let (address, other) = (second.address, second.other);
    let says = match second.servers {
        // Each is right by its own book: the fault is that there are two.
        [Some(own), Some(others)] if own != others => {
            let says =
                format!("{own} gave {address} to it, and another server, {others}, to {other}");
            return sheet.absent(code, says);
        }
        [Some(server), Some(_)] => format!("{server} gave {address} to it and to {other}"),
        [Some(server), None] => {
            format!("{server} gave {address} to it, and a server that is not known to {other}")
        }
        [None, _] => format!("{address} was given to it and to {other}"),
    };
    sheet.present(code, says);
}
