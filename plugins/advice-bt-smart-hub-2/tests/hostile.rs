//! Pages of a hostile gateway: as large as the host allows, and read in linear time.

mod common;

use std::time::{Duration, Instant};

use common::{Facts, LISTED, MACHINE, OWL};

/// The limit of the host for one body.
const LONGEST: usize = 256 << 10;
/// A page of the longest kind takes some milliseconds unoptimised; a second pass for each of its
/// bytes would take minutes.
const LINEAR: Duration = Duration::from_secs(30);

fn filled(piece: &str) -> String {
    piece.repeat(LONGEST / piece.len())
}

#[test]
fn hostile_pages_take_linear_time_and_identify_nothing() {
    let pages: Vec<(&str, String)> = vec![
        ("names without a list", filled("known_device_list owl_tplg ")),
        ("spaces behind a name", format!("owl_tplg known_device_list{}", filled(" "))),
        ("lists that do not begin", filled("owl_tplg= known_device_list=")),
        ("deep nesting", format!("owl_tplg=known_device_list={}", filled("["))),
        ("nested objects", format!("known_device_list=[{}", filled("{a:"))),
        ("a list without an end", format!("known_device_list=[{}", filled("null,"))),
        ("rows without an end", format!("known_device_list=[{}", filled("{a:'1'},"))),
        ("fields without an end", format!("known_device_list=[{{{}", filled("a:'1',"))),
        ("a string without an end", format!("known_device_list=[{{mac:'{}", filled("x"))),
        ("a value of a quarter megabyte", format!("owl_tplg=[{{model_name:'{}'}}]", filled("%41"))),
        ("broken escapes", format!("known_device_list=[{{mac:'{}'}}]", filled("%%%4"))),
        ("control bytes", format!("owl_tplg=[{{model_name:'{}'}}]", filled("\u{1b}]0;x\u{7}\0"))),
        ("separators", format!("known_device_list=[{}", filled(", \n"))),
        ("quotes", format!("known_device_list=[{{{}", filled("'"))),
        ("far from ASCII", format!("known_device_list=[{{{}", filled("é'\u{202e}"))),
    ];
    for (what, page) in pages {
        let began = Instant::now();
        let paths = ["/", "/cgi/cgi_owl.js", "/cgi/cgi_helpdesk.js", "/cgi/cgi_basicMyDevice.js"];
        let facts = Facts::default().with("machine.mac", MACHINE).with("http.title:/", &page);
        let advice = paths.iter().fold(facts, |facts, path| facts.page(path, 200, &page)).advice();
        assert!(began.elapsed() < LINEAR, "{what}: {:?}", began.elapsed());
        let claims =
            advice.iter().filter(|answer| answer.permille >= 500 && answer.id != "not-listed");
        assert_eq!(claims.count(), 0, "{what}: {advice:?}");
    }
}

/// Beginnings of a real page, and a real page with one byte replaced: nothing panics, and no cut list
/// claims that it lacks a machine.
#[test]
fn broken_pages_lead_to_no_claims() {
    for cut in (0..LISTED.len()).step_by(7) {
        let facts = Facts::default().with("machine.mac", MACHINE).page(
            "/cgi/cgi_basicMyDevice.js",
            200,
            &LISTED[..cut],
        );
        assert!(facts.answer("not-listed").is_none(), "cut at {cut}");
    }
    for at in (0..OWL.len()).step_by(11) {
        for byte in ['\0', '\'', '{', ']', '%'] {
            let page = format!("{}{byte}{}", &OWL[..at], &OWL[at + 1..]);
            Facts::default().page("/cgi/cgi_owl.js", 200, &page).advice();
        }
    }
}
