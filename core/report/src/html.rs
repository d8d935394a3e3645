//! The doctor's report as a page of HTML: the text, and a drawing of each machine's DHCP.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use vmkit_dhcp::{Ladder, Rung, Step};
use vmkit_types::Reading;

use crate::{Doctor, Terminal, clean::shown, text};

/// Columns of the text.
const WIDTH: usize = 100;
/// Sizes of the drawing, in pixels.
const ROW: usize = 26;
const TOP: usize = 46;
const LANES: [usize; 3] = [110, 330, 550];
const DRAWING: usize = 900;

/// Writes the page. It loads nothing, runs nothing, and all its text is escaped.
pub(crate) fn write_page(doctor: &Doctor<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut text = Vec::new();
    let terminal = Terminal { width: Some(WIDTH), ..Terminal::default() };
    text::write_doctor(doctor, &mut text, terminal)?;
    let text = escaped(&String::from_utf8_lossy(&text));
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>vm doctor</title>\n<style>body{{margin:2em;font:14px sans-serif}}pre{{font-size:13px}}\
         text{{font:12px monospace}}</style>\n<h1>vm doctor</h1>\n<pre>{text}</pre>"
    )?;
    for vm in &doctor.vms {
        let Reading::Known(ladder) = &vm.ladder else { continue };
        if ladder.rungs.is_empty() {
            continue;
        }
        writeln!(out, "<h2>DHCP of {}</h2>\n{}", escaped(&shown(&vm.name)), drawing(ladder))?;
    }
    writeln!(out, "</html>")
}

/// The messages as arrows between the machine, this computer and the network. A missing message is
/// a dashed line that ends in a cross.
fn drawing(ladder: &Ladder) -> String {
    let height = TOP + ROW * ladder.rungs.len() + 10;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{DRAWING}\" height=\"{height}\" role=\"img\" \
         aria-label=\"DHCP messages by time\">\n"
    );
    let titles = ["machine", "this computer", "network"];
    for (lane, title) in LANES.into_iter().zip(titles) {
        _ = writeln!(
            svg,
            "<text x=\"{lane}\" y=\"20\" text-anchor=\"middle\">{title}</text>\
             <line x1=\"{lane}\" y1=\"28\" x2=\"{lane}\" y2=\"{height}\" stroke=\"#999\"/>"
        );
    }
    let first = ladder.rungs.first().map(|rung| rung.at);
    for (place, rung) in ladder.rungs.iter().enumerate() {
        let y = TOP + ROW * place;
        let since = first.and_then(|first| rung.at.duration_since(first).ok()).unwrap_or_default();
        _ = writeln!(svg, "<text x=\"4\" y=\"{}\">{:.3} s</text>", y + 4, since.as_secs_f64());
        let sides = [(rung.guest_side, LANES[0], LANES[1]), (rung.uplink_side, LANES[1], LANES[2])];
        for (step, left, right) in sides {
            arrow(&mut svg, rung, step, [left, right], y);
        }
        let message = &rung.message;
        let from = if message.kind.is_of_client() {
            format!("from {}", message.source_mac)
        } else {
            message.server.map_or_else(String::new, |server| format!("by {server}"))
        };
        let given = rung.message.yiaddr.map_or_else(String::new, |address| format!(" {address}"));
        _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\">{}{given} {from}</text>",
            LANES[2] + 20,
            y + 4,
            rung.message.kind.word()
        );
    }
    svg + "</svg>"
}

fn arrow(svg: &mut String, rung: &Rung, step: Step, [left, right]: [usize; 2], y: usize) {
    let (from, to) = if rung.message.kind.is_of_client() { (left, right) } else { (right, left) };
    let middle = usize::midpoint(left, right);
    match step {
        Step::Seen => {
            let tip = if to > from { to - 8 } else { to + 8 };
            let (up, down) = (y - 4, y + 4);
            _ = writeln!(
                svg,
                "<line x1=\"{from}\" y1=\"{y}\" x2=\"{to}\" y2=\"{y}\" stroke=\"#222\"/>\
                 <path d=\"M{tip} {up} L{to} {y} L{tip} {down}\" fill=\"none\" stroke=\"#222\"/>"
            );
        }
        Step::Missing => {
            let (up, down, before, behind) = (y - 5, y + 5, middle - 5, middle + 5);
            _ = writeln!(
                svg,
                "<line x1=\"{from}\" y1=\"{y}\" x2=\"{middle}\" y2=\"{y}\" stroke=\"#b00\" stroke-dasharray=\"5 4\"/>\
                 <path d=\"M{before} {up} L{behind} {down} M{before} {down} L{behind} {up}\" stroke=\"#b00\" \
                 stroke-width=\"2\"/><text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\" fill=\"#b00\">missing</text>",
                y - 7
            );
        }
        Step::NotWatched => {
            _ = writeln!(
                svg,
                "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\" fill=\"#777\">not watched</text>",
                y + 4
            );
        }
    }
}

/// The text without markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use vmkit_dhcp::Traffic;

    use super::*;

    #[test]
    fn draws_missing_messages_as_missing() {
        let bytes = include_bytes!("../../../sdk/dhcp/tests/data/mac-nat-guest.pcap");
        let (traffic, fault) = Traffic::read(&bytes[..]);
        assert_eq!(fault, Ok(()));
        let macs = [traffic.exchanges[0].chaddr];
        let both = drawing(&Ladder::of(Some(&traffic), Some(&traffic), &macs, 40));
        assert_eq!((both.matches("<path").count(), both.matches(">missing<").count()), (8, 0));
        let lost = drawing(&Ladder::of(Some(&traffic), Some(&Traffic::default()), &macs, 40));
        assert_eq!(lost.matches(">missing<").count(), 4);
        let alone = drawing(&Ladder::of(Some(&traffic), None, &macs, 40));
        assert_eq!(alone.matches(">not watched<").count(), 4);
    }

    #[test]
    fn escapes_markup_in_names() {
        assert_eq!(escaped("<b a=\"1\">&"), "&lt;b a=&quot;1&quot;&gt;&amp;");
    }
}
