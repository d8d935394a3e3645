//! Whether the Wi-Fi of this computer still has the address that the network knows it by.

use vmkit_types::{InterfaceKind, Unread, escaped};

use super::{own_lease::own_lease, sheet::Sheet};
use crate::{Attachment, Facts, FindingCode};

pub(super) fn judge(facts: &Facts<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    let code = FindingCode::WifiAddressChanged;
    let wifi = attachment.uplink.filter(|uplink| uplink.kind == InterfaceKind::Wifi);
    let Some((uplink, mac)) = wifi.and_then(|uplink| Some((uplink, uplink.mac?))) else { return };
    let name = escaped(&uplink.name);
    if !mac.is_locally_administered() {
        return sheet.absent(code, format!("{name} uses the address of its card"));
    }
    let Some(known) = own_lease(facts, attachment).and_then(|own| own.client) else {
        let why = format!("{name} has a private address, and nothing shows what it was before");
        return sheet.unknown(code, &Unread::Failed(why));
    };
    let yes = format!("{name} has the private address {mac}; its lease was given to {known}");
    let no = format!("{name} has the private address that its lease was given to");
    sheet.judged(code, known != mac, yes, no);
}
