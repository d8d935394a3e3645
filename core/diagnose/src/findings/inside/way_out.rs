//! Whether the guest knows a way out of its network, and who resolves names for it.

use std::net::IpAddr;

use vmkit_inside::{Inside, NameServer, ServerAnswer};
use vmkit_types::{Prefix, Reading, Unread};

use super::{super::sheet::Sheet, OwnCard};
use crate::{Facts, FindingCode};

pub(super) fn judge(
    facts: &Facts<'_>,
    inside: &Inside,
    own: Option<&OwnCard<'_>>,
    sheet: &mut Sheet,
) {
    default_route(facts, inside, own, sheet);
    let code = FindingCode::GuestResolverSilent;
    match &inside.servers {
        Reading::Known(servers) => resolver(servers, sheet),
        Reading::Absent => {}
        Reading::Unknown(why) => sheet.unknown(code, why),
    }
}

fn default_route(facts: &Facts<'_>, inside: &Inside, own: Option<&OwnCard<'_>>, sheet: &mut Sheet) {
    let code = FindingCode::GuestHasNoDefaultRoute;
    let routes = match &inside.routes {
        Reading::Known(routes) => routes,
        Reading::Absent => return,
        Reading::Unknown(why) => return sheet.unknown(code, why),
    };
    if let Some(route) = routes.iter().find(|route| route.destination.length == 0) {
        let by = route.gateway.map_or_else(|| "its card".to_owned(), |it| it.to_string());
        return sheet.absent(code, format!("the guest's default route is by {by}"));
    }
    let addresses = own.into_iter().flat_map(OwnCard::of_v4).map(|(each, _)| each.prefix);
    let addresses: Vec<Prefix> = addresses.collect();
    let network = facts.network.as_ref().known();
    let gateways: Vec<IpAddr> = network.into_iter().flat_map(|it| it.gateways()).collect();
    let leads = |own: &Prefix| gateways.iter().find(|gateway| own.contains(**gateway));
    let led = addresses.iter().find_map(|own| Some((own, leads(own)?)));
    match (led, addresses.first()) {
        (Some((own, gateway)), _) => {
            let says =
                format!("the guest has {own} and no default route; {gateway} is a gateway there");
            sheet.present(code, says);
        }
        // Without an address there is no route, and that is another fault.
        (None, None) => {}
        (None, Some(own)) => {
            let why = format!("no gateway is known in {own}, which may lead nowhere on purpose");
            sheet.unknown(code, &Unread::Failed(why));
        }
    }
}

fn resolver(servers: &[NameServer], sheet: &mut Sheet) {
    let code = FindingCode::GuestResolverSilent;
    if let Some(good) = servers.iter().find(|each| each.answer == ServerAnswer::Answers) {
        return sheet.absent(code, format!("{} answers the guest", good.address));
    }
    let each = servers.iter().map(|server| said(server.address, server.answer));
    let each: Vec<String> = each.collect();
    match each.as_slice() {
        [] => sheet.present(code, "the guest knows no name server"),
        all => sheet.present(code, format!("asked by the guest, {}", all.join(", "))),
    }
}

fn said(address: IpAddr, answer: ServerAnswer) -> String {
    match answer {
        ServerAnswer::Answers => format!("{address} answers"),
        ServerAnswer::Refuses => format!("{address} refuses"),
        ServerAnswer::Unreachable => format!("{address} cannot be reached"),
        ServerAnswer::Silent => format!("{address} is silent"),
    }
}
