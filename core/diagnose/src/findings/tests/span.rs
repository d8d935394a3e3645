//! How long a capture took.

use std::time::Duration;

use super::{Scene, absent, present};

/// Messages, the second at which the capture ends, and the findings. A server may answer 4 s late.
#[test]
fn what_was_just_sent_may_still_be_answered() {
    let late = "0 DISCOVER 1\n 4.1 OFFER 1 to 192.168.1.64\n 4.1 REQUEST 1 for 192.168.1.64";
    let rows: &[(&str, f64, &[&str])] = &[
        ("0 DISCOVER 1", 2.0, &[]),
        ("0 DISCOVER 1", 5.0, &["discover-unanswered"]),
        (late, 4.1, &[]),
        (late, 9.0, &["acknowledgement-missing"]),
    ];
    for (lines, end, expected) in rows {
        let mut scene = Scene::at_home().guest(lines);
        let traffic = scene.guest.as_mut().unwrap();
        let (from, _) = traffic.span.unwrap();
        traffic.span = Some((from, from + Duration::from_secs_f64(*end)));
        let about = ["discover-unanswered", "acknowledgement-missing"];
        let found = present(&scene);
        let found: Vec<_> = about.into_iter().filter(|code| found.contains(code)).collect();
        assert_eq!(found, *expected, "{lines} until {end}");
    }
}

#[test]
fn a_short_capture_does_not_prove_silence() {
    let mut scene = Scene::at_home().guest("");
    let traffic = scene.guest.as_mut().unwrap();
    let (from, _) = traffic.span.unwrap();
    traffic.span = Some((from, from + Duration::from_secs(2)));
    let (present, absent) = (present(&scene), absent(&scene));
    assert!(!present.contains(&"guest-port-silent") && !absent.contains(&"guest-port-silent"));
}

#[test]
fn a_recorded_capture_without_frames_shows_a_silent_guest() {
    let mut scene = Scene::at_home().guest("");
    scene.guest.as_mut().unwrap().span = None;
    assert!(present(&scene).contains(&"guest-port-silent"));
}
