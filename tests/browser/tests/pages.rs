//! The doctor's page as a person sees it, in Chromium: at three widths, light and dark, on paper, and
//! without scripts. Pictures are in `target/pages`.

#![cfg(target_os = "linux")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use vmkit_browser_tests::{Browser, Page, View};
use vmkit_cli_tests::run;

const CONTRAST: &str = include_str!("contrast.js");
const STRUCTURE: &str = include_str!("structure.js");
/// A telephone, a tablet and a laptop.
const WIDTHS: [u32; 3] = [360, 768, 1280];
/// How far the content is wider than the window.
const TOO_WIDE: &str =
    "document.documentElement.scrollWidth - document.documentElement.clientWidth";
const OPEN_ALL: &str =
    "document.querySelectorAll('details').forEach((fold) => { fold.open = true; })";

/// The pages that the report's own tests keep.
fn pages() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../core/report/tests/golden/pages");
    let entries = fs::read_dir(folder).expect("the pages");
    let files = entries.map(|entry| entry.expect("a page").path());
    let mut files: Vec<PathBuf> =
        files.filter(|file| file.extension().is_some_and(|end| end == "html")).collect();
    files.sort();
    assert!(files.len() > 4, "{files:?}");
    files
}

fn picture_of(file: &Path, view: View, page: &mut Page<'_>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/pages");
    fs::create_dir_all(&folder).expect("a folder for pictures");
    let name = file.file_stem().expect("a name").to_string_lossy();
    let scheme = if view.dark { "dark" } else { "light" };
    page.picture(&folder.join(format!("{name}-{}-{scheme}.png", view.width))).expect("a picture");
}

#[test]
fn a_page_is_readable_at_every_width_in_light_and_dark() {
    let Some(mut browser) = Browser::or_skip() else { return };
    let mut page = Page::new(&mut browser);
    for file in pages() {
        assert_readable(&mut page, &file);
    }
}

/// What `vm doctor` makes of snapshots with these faults.
#[test]
fn the_pages_of_real_faults_are_readable_and_show_where_frames_stop() {
    let rows = [
        ("access-point-drops-foreign-mac", "on the way from en0 to the access point"),
        ("router-guards-chaddr", "no further than 192.168.77.1"),
        ("wifi-in-no-bridge", "no further than br0"),
        ("guest-firewall-drops-ssh", "no further than web"),
        ("host-server-down", "no further than this computer"),
    ];
    let Some(mut browser) = Browser::or_skip() else { return };
    let mut page = Page::new(&mut browser);
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("config.toml");
    fs::write(&config, format!("state_dir = {:?}\n", folder.path().join("state"))).expect("write");
    for (fault, expected) in rows {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/doctor").join(fault);
        let words = [&config, &corpus].map(|path| path.to_str().expect("UTF-8"));
        let output = run(&["--config", words[0], "doctor", "--open", "--from", words[1]]);
        let file = folder.path().join(format!("{fault}.html"));
        let made = fs::rename(folder.path().join("state/doctor.html"), &file);
        assert!(made.is_ok(), "{output:?}");
        assert_readable(&mut page, &file);
        let caption = page.value("document.querySelector('figcaption').textContent");
        assert!(caption.as_str().is_some_and(|it| it.contains(expected)), "{fault}: {caption}");
    }
}

fn assert_readable(page: &mut Page<'_>, file: &Path) {
    for width in WIDTHS {
        for dark in [false, true] {
            let view = View { width, dark };
            let about = format!("{} {view:?}", file.display());
            page.open(file, view);
            picture_of(file, view, page);
            page.value(OPEN_ALL);
            assert_eq!(page.value(TOO_WIDE), json!(0), "{about}");
            assert_eq!(page.value(CONTRAST), json!([]), "{about}");
            let (complaints, requests) = page.complaints_and_requests();
            assert_eq!(complaints, Vec::<String>::new(), "{about}");
            assert_eq!(requests.len(), 1, "{about}: {requests:?}");
        }
    }
    assert_eq!(page.value(STRUCTURE), json!([]), "{}", file.display());
}

#[test]
fn a_page_works_without_scripts_and_copies_with_them() {
    const BUTTONS: &str = "[...document.querySelectorAll('button.copy')]";
    let Some(mut browser) = Browser::or_skip() else { return };
    let mut page = Page::new(&mut browser);
    let file = pages().into_iter().find(|file| file.ends_with("one-cause.html")).expect("the page");
    let view = View { width: 1280, dark: false };
    page.scripts(false);
    page.open(&file, view);
    let visible = format!("{BUTTONS}.filter((button) => button.checkVisibility()).length");
    assert_eq!(page.value(&visible), json!(0));
    let text = "getComputedStyle(document.querySelector('.command code')).userSelect !== 'none'";
    assert_eq!(page.value(text), json!(true));
    page.scripts(true);
    page.open(&file, view);
    assert_ne!(page.value(&visible), json!(0));
    // Whether the clipboard is allowed is the browser's business: then the text is selected.
    let said = page.value(&format!(
        "new Promise((done) => {{ const button = {BUTTONS}[0]; button.click(); \
         new MutationObserver(() => done(button.textContent)).observe(button, {{ childList: true }}); }})"
    ));
    assert!(said == json!("Copied") || said == json!("Selected"), "{said}");
}

#[test]
fn a_page_prints_all_that_it_folds() {
    let Some(mut browser) = Browser::or_skip() else { return };
    let mut page = Page::new(&mut browser);
    for file in pages() {
        page.open(&file, View { width: 768, dark: true });
        let printed = page.printed();
        assert!(printed.starts_with(b"%PDF"), "{}", file.display());
        let folded = page.value("document.querySelectorAll('details:not([open])').length");
        assert_eq!(folded, json!(0), "{}", file.display());
        page.media("print", "dark");
        let paper = page.value("getComputedStyle(document.body).backgroundColor");
        assert_eq!(paper, json!("rgb(255, 255, 255)"), "{}", file.display());
        page.media("", "light");
    }
}

/// Names and messages are those of guests and networks, and may hold anything.
#[test]
fn no_name_becomes_markup() {
    let Some(mut browser) = Browser::or_skip() else { return };
    let mut page = Page::new(&mut browser);
    let file = pages().into_iter().find(|file| file.ends_with("hostile.html")).expect("the page");
    page.open(&file, View { width: 1280, dark: false });
    let counted: Value = page.value(
        "['script', 'style', 'img', 'b', 'svg [onload]', '[data-hostile]'] \
         .map((selector) => document.querySelectorAll(selector).length)",
    );
    assert_eq!(counted, json!([1, 1, 0, 0, 0, 0]));
    assert_eq!(page.value("typeof hostile"), json!("undefined"));
    let steers = "/[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u200b-\\u200f\\u202a-\\u202e\\u2066-\\u2069]/\
                  .test(document.documentElement.textContent)";
    assert_eq!(page.value(steers), json!(false));
    assert_eq!(page.value("document.body.textContent.includes('<script>')"), json!(true));
}
