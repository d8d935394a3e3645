//! DHCP messages in words.

use vmkit_dhcp::{Message, MessageKind};

pub(super) fn is_ask(message: &Message) -> bool {
    matches!(message.kind, MessageKind::Discover | MessageKind::Request)
}

pub(super) fn is_reply(message: &Message) -> bool {
    matches!(message.kind, MessageKind::Offer | MessageKind::Ack | MessageKind::Nak)
}

pub(super) fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{more} times"),
    }
}

pub(super) fn offered(offer: &Message) -> String {
    let server = offer.server.map_or_else(String::new, |server| format!(" by {server}"));
    let address = offer.yiaddr.map_or_else(|| "an address".to_owned(), |a| a.to_string());
    format!("{address} was offered{server}")
}

pub(super) fn acknowledged(ack: &Message) -> String {
    let server = ack.server.map_or_else(String::new, |server| format!(" by {server}"));
    let address = ack.yiaddr.map_or_else(|| "its address".to_owned(), |a| a.to_string());
    format!("{address} was acknowledged{server}")
}
