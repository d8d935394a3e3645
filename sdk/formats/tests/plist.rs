//! Property lists: what is found in them, and what is refused.

use serde_json::json;
use vmkit_formats::{MAX_DEPTH, MAX_NODES, plist};

const DOCTYPE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
"#;

fn xml(value: &str) -> Vec<u8> {
    format!("{DOCTYPE}<plist version=\"1.0\">{value}</plist>").into_bytes()
}

/// A binary property list of these objects, the first one at the top, with one byte for each reference.
fn binary(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut file = b"bplist00".to_vec();
    let mut offsets = Vec::new();
    for object in objects {
        offsets.push(u32::try_from(file.len()).expect("a small file"));
        file.extend(object);
    }
    let table = file.len() as u64;
    file.extend(offsets.iter().flat_map(|offset| offset.to_be_bytes()));
    file.extend([0, 0, 0, 0, 0, 0, 4, 1]);
    for number in [objects.len() as u64, 0, table] {
        file.extend(number.to_be_bytes());
    }
    file
}

/// An array of references to objects.
fn array(references: &[u8]) -> Vec<u8> {
    [&[0xa0 + u8::try_from(references.len()).expect("few")], references].concat()
}

fn text(text: &str) -> Vec<u8> {
    [&[0x50 + u8::try_from(text.len()).expect("a short text")], text.as_bytes()].concat()
}

#[test]
fn reads_both_forms_alike() {
    let in_xml = xml(
        "<dict><key>Name</key><string> a&amp;b </string><key>On</key><true/><key>Off</key><false/>
         <key>Ports</key><array><integer>22</integer><integer>-1</integer><integer>0xff</integer></array>
         <key>Load</key><real>0.5</real><key>Icon</key><data> AQ
         ID </data><key>Born</key><date>2001-01-01T00:00:00Z</date><key>None</key><dict/></dict>",
    );
    let in_binary = binary(&[
        [vec![0xd8], (1..=16).collect()].concat(),
        text("Name"),
        text("On"),
        text("Off"),
        text("Ports"),
        text("Load"),
        text("Icon"),
        text("Born"),
        text("None"),
        text(" a&b "),
        vec![0x09],
        vec![0x08],
        array(&[17, 18, 19]),
        [vec![0x23], 0.5_f64.to_be_bytes().to_vec()].concat(),
        vec![0x43, 1, 2, 3],
        [vec![0x33], 0_f64.to_be_bytes().to_vec()].concat(),
        vec![0xd0],
        vec![0x10, 22],
        [vec![0x13], (-1_i64).to_be_bytes().to_vec()].concat(),
        vec![0x10, 0xff],
    ]);
    let expected = json!({
        "Name": " a&b ", "On": true, "Off": false, "Ports": [22, -1, 255], "Load": 0.5, "Icon": "AQID",
        "Born": "2001-01-01T00:00:00Z", "None": {},
    });
    assert_eq!(plist::parse(&in_xml), Ok(expected.clone()));
    assert_eq!(plist::parse(&in_binary), Ok(expected));
}

#[test]
fn refuses_hostile_lists_in_xml_in_one_line() {
    let laughs = r#"<!DOCTYPE plist [<!ENTITY a "aaaa">]><plist><string>&a;</string></plist>"#;
    let deep = ["<array>".repeat(MAX_DEPTH), "</array>".repeat(MAX_DEPTH)].concat();
    let rows: [(Vec<u8>, &str); 13] = [
        (laughs.into(), "XML, line 1: has a document type, which could define entities"),
        (xml("<string>&a;</string>"), "XML, line 3: the entity `a` is not one of XML itself"),
        (xml(&deep), "XML, line 3: `array` lies deeper than 64 levels"),
        (xml(""), "XML property list: does not hold one value"),
        (xml("<true/><true/>"), "XML property list: does not hold one value"),
        (b"<dict/>".to_vec(), "XML property list: begins with `dict`, not with `plist`"),
        (xml("<ustring/>"), "XML property list: has the element `ustring`"),
        (xml("<integer>many</integer>"), "XML property list: `many` is not of the kind `integer`"),
        (xml("<data>!</data>"), "XML property list: `!` is not of the kind `data`"),
        (xml("<real>x</real>"), "XML property list: `x` is not of the kind `real`"),
        (xml("<dict><key>a</key></dict>"), "XML property list: has the key `a` without a value"),
        (xml("<dict><true/></dict>"), "XML property list: has `true` in place of a key"),
        (
            xml("<dict><key>a</key><true/><key>a</key><true/></dict>"),
            "XML property list: has the key `a` twice",
        ),
    ];
    for (file, error) in rows {
        assert_eq!(plist::parse(&file).unwrap_err().to_string(), error);
    }
}

#[test]
fn refuses_hostile_binary_lists_in_one_line() {
    let all_twice: Vec<_> = (1..60).map(|next| array(&[next, next])).chain([text("lol")]).collect();
    let deep: Vec<_> = (1..=70).map(|next| array(&[next])).chain([text("deep")]).collect();
    let shared_text = [
        [vec![0xaf, 0x11, 0, 200], vec![1; 200]].concat(),
        [vec![0x5f, 0x12], 100_000_u32.to_be_bytes().to_vec(), vec![b'x'; 100_000]].concat(),
    ];
    let claims = |marker: u8, length: u64| {
        binary(&[[vec![marker, 0x13], length.to_be_bytes().to_vec()].concat()])
    };
    let truncated = |length: usize| binary(&[text("whole")])[..length].to_vec();
    let rows: [(Vec<u8>, &str); 16] = [
        (binary(&all_twice), "has more than 100000 nodes"),
        (binary(&deep), "a list or table lies deeper than 64 levels"),
        (binary(&shared_text), "has more than 4194304 bytes of texts"),
        (binary(&[array(&[0])]), ""),
        (binary(&[array(&[1]), array(&[0])]), ""),
        (binary(&[array(&[9])]), ""),
        (claims(0xaf, u64::MAX), ""),
        (claims(0xaf, 1 << 40), ""),
        (claims(0xdf, 1 << 62), ""),
        (claims(0x5f, 1 << 40), ""),
        (binary(&[vec![0xd1, 1, 1], vec![0x09]]), "has a key that is not a text"),
        (binary(&[vec![0xd1, 1, 1], vec![0xa0]]), "has a list or a table as a key"),
        (binary(&[vec![0xd2, 1, 1, 1, 1], text("a")]), "has the key `a` twice"),
        (truncated(8), ""),
        (truncated(30), ""),
        (b"bplist".to_vec(), ""),
    ];
    for (file, expected) in rows {
        let error = plist::parse(&file).unwrap_err().to_string();
        let what = error.strip_prefix("binary property list: ").unwrap();
        assert!(what == expected || expected.is_empty(), "{error} is not {expected}");
        assert!(!what.contains('\n') && what.len() < 220, "{error}");
    }
}

#[test]
fn refuses_arrays_that_claim_the_same_bytes_again_before_they_fill_the_memory() {
    // Each array claims all bytes up to the trailer as its references; the first of them is the next array.
    let claimed = u32::try_from(MAX_NODES).unwrap();
    let mut objects: Vec<_> = (1..60_u8)
        .map(|next| [vec![0xaf, 0x12], claimed.to_be_bytes().to_vec(), vec![next]].concat())
        .collect();
    objects.push(vec![60; MAX_NODES + 10]);
    let error = plist::parse(&binary(&objects)).unwrap_err().to_string();
    assert_eq!(error, "binary property list: has more than 100000 nodes");
}
