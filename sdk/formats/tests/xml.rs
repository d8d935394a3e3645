//! XML: what is found in it, and what is refused.

use vmkit_formats::{MAX_BYTES, MAX_DEPTH, MAX_NODES, MAX_TEXT, xml};

const DOMAIN: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- written by hand -->
<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>web &amp; db</name>
  <description>a<![CDATA[ <b> ]]>&#99;</description>
  <devices>
    <interface type='network'><mac address='52:54:00:4b:5e:57'/><source network='default'/></interface>
    <disk/>
    <interface type='bridge'/>
  </devices>
  <qemu:commandline><qemu:arg value='-S'/></qemu:commandline>
  <title></title>
</domain>
"#;

#[test]
fn finds_elements_attributes_and_texts_by_their_paths() {
    let domain = xml::parse(DOMAIN.as_bytes()).unwrap();
    assert_eq!((domain.name(), domain.attribute("type")), ("domain", Some("kvm")));
    assert_eq!(domain.attribute("id"), None);
    assert_eq!(domain.text_at("name"), Some("web & db"));
    assert_eq!(domain.text_at("description"), Some("a <b> c"));
    assert_eq!((domain.text_at("title"), domain.text_at("uuid")), (None, None));
    let types: Vec<_> =
        domain.all("devices/interface").iter().map(|each| each.attribute("type")).collect();
    assert_eq!(types, [Some("network"), Some("bridge")]);
    let mac = domain.at("devices/interface/mac").unwrap();
    assert_eq!(mac.attributes().collect::<Vec<_>>(), [("address", "52:54:00:4b:5e:57")]);
    let devices = domain.child("devices").unwrap();
    assert_eq!(devices.elements().count(), 3);
    assert_eq!(devices.children("interface").count(), 2);
    assert_eq!(domain.at("qemu:commandline/qemu:arg").unwrap().attribute("value"), Some("-S"));
    assert!(domain.at("devices/disk/mac").is_none() && domain.at("").is_none());
}

#[test]
fn reads_a_document_with_a_byte_order_mark_as_one_without() {
    assert_eq!(xml::parse(b"\xef\xbb\xbf<a/>"), xml::parse(b"<a/>"));
}

/// A document with `count` copies of a text within its root.
fn repeated(text: &str, count: usize) -> Vec<u8> {
    format!("<a>{}</a>", text.repeat(count)).into_bytes()
}

#[test]
fn reads_documents_at_each_bound_and_refuses_those_past_it() {
    let nested = |depth: usize| [b"<a>".repeat(depth), b"</a>".repeat(depth)].concat();
    let text = |length: usize| repeated("x", length);
    let attributes = |count: usize| {
        let attributes: Vec<String> = (0..count).map(|at| format!("a{at}=''")).collect();
        format!("<a {}/>", attributes.join(" ")).into_bytes()
    };
    let long_attribute = |length: usize| format!("<a b='{}'/>", "x".repeat(length)).into_bytes();
    let bytes = |length: usize| [b"<a/>".to_vec(), vec![b' '; length - 4]].concat();
    // Each part of a row is one node, or four.
    let elements = |nodes: usize| repeated("<b/>", nodes - 1);
    let with_attributes = |nodes: usize| repeated("<b c='' d='' e=''/>", (nodes - 1).div_ceil(4));
    let rows = [
        (nested(MAX_DEPTH), nested(MAX_DEPTH + 1), "line 1: `a` lies deeper than 64 levels"),
        (text(MAX_TEXT), text(MAX_TEXT + 1), "line 1: has a text of more than 262144 bytes"),
        (
            long_attribute(MAX_TEXT),
            long_attribute(MAX_TEXT + 1),
            "line 1: has a text of more than 262144 bytes",
        ),
        (attributes(256), attributes(257), "line 1: `a` has more than 256 attributes"),
        (elements(MAX_NODES), elements(MAX_NODES + 1), "line 1: has more than 100000 nodes"),
        (
            with_attributes(MAX_NODES - 3),
            with_attributes(MAX_NODES),
            "line 1: has more than 100000 nodes",
        ),
    ];
    for (within, past, error) in rows {
        assert!(xml::parse(&within).is_ok(), "{error}");
        assert_eq!(xml::parse(&past).unwrap_err().to_string(), format!("XML, {error}"));
    }
    assert!(xml::parse(&bytes(MAX_BYTES)).is_ok());
    let error = xml::parse(&bytes(MAX_BYTES + 1)).unwrap_err().to_string();
    assert_eq!(error, "XML: has 4194305 bytes, more than 4194304");
}

#[test]
fn refuses_hostile_documents_in_one_line_that_names_what_and_where() {
    let laughs = "<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [<!ENTITY lol \"lol\">\n\
        <!ENTITY lol2 \"&lol;&lol;&lol;\">]>\n<lolz>&lol2;</lolz>";
    let entity_file = "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>";
    let rows: [(&[u8], &str); 17] = [
        (b"", "XML, line 1: has no element"),
        (b"<!-- only -->\n\n", "XML, line 3: has no element"),
        (laughs.as_bytes(), "XML, line 2: has a document type, which could define entities"),
        (entity_file.as_bytes(), "XML, line 1: has a document type, which could define entities"),
        (b"<a>&lol;</a>", "XML, line 1: the entity `lol` is not one of XML itself"),
        (b"<a b='&lol;'/>", "XML, line 1: an attribute of `a`:"),
        (b"<a>&#0;</a>", "XML, line 1: invalid character reference"),
        (b"<a>\n<b>\n\xff</b></a>", "XML, line 3: is not UTF-8"),
        (b"\xff\xfe<\0a\0/\0>\0", "XML, line 1: is not UTF-8"),
        (
            b"<a>\n<b></a>",
            "XML, line 2: ill-formed document: expected `</b>`, but `</a>` was found",
        ),
        (b"<a>\n<b>", "XML, line 2: ends inside `b`"),
        (b"<a/>\n<b/>", "XML, line 2: `b` follows the root element"),
        (b"<a/>text", "XML, line 1: `text` is outside the root element"),
        (b"</a>", "XML, line 1: ill-formed document: close tag `</a>` does not match any open tag"),
        (b"<a b='1' b='2'/>", "XML, line 1: an attribute of `a`: position 8: duplicated attribute"),
        (b"<a b=1/>", "XML, line 1: an attribute of `a`: position"),
        (b"<a", "XML, line 1: syntax error: tag not closed: `>` not found before end of input"),
    ];
    for (document, expected) in rows {
        let error = xml::parse(document).unwrap_err().to_string();
        let shown = String::from_utf8_lossy(document);
        assert!(error.starts_with(expected), "{shown}\n is: {error}\nnot: {expected}");
        assert!(!error.contains('\n') && error.len() < 300, "{error}");
    }
}

#[test]
fn control_characters_of_a_document_stay_out_of_errors() {
    let document = format!("<a>\n<b\u{1b}[2J{}></a>", "long".repeat(100));
    let error = xml::parse(document.as_bytes()).unwrap_err().to_string();
    assert!(!error.chars().any(char::is_control), "{error}");
}
