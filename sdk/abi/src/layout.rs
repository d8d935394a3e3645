//! The layout of all that crosses the boundary, beside the one that was released.
//!
//! `layouts/epoch-1.txt` has a block for each type of this crate: the type with its size, its fields with
//! their types, and of what may grow the fields, methods or codes in their order. A `+` marks what a peer
//! of an earlier version lacks.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::PathBuf};

use abi_stable::{
    StableAbi,
    std_types::utypeid::UTypeId,
    type_layout::{TLData, TLFunction, TypeLayout},
};

use crate::{
    AdviceKind, EPOCH, ErrorCode, Level, MachineState, PluginModule_Ref, Question, Resource,
    Source, Stage,
};

const CRATE: &str = env!("CARGO_PKG_NAME");
/// Ends the name of a block that may grow at its tail.
const MAY_GROW: &str = ", which may grow";
/// Types of others whose parts say nothing more.
const WHOLE: [&str; 5] = ["RStr", "RString", "RBox", "PrefixRef", "AFunctionPointer"];
/// Parts of others' types that every such type has.
const USUAL: [&str; 3] = ["usize", "PrefixRef", "AFunctionPointer"];
/// Types that stand for what is in them.
const POINTERS: [&str; 4] = ["NonNull", "*const", "*mut", "ManuallyDrop"];
/// How deep a type of others is looked into, whose parts may lead back to it.
const DEPTH: usize = 6;

/// The lines of each block by its name.
type Blocks = BTreeMap<String, Vec<String>>;

/// What a build differs in from the file.
#[derive(Debug, PartialEq)]
enum Difference {
    None,
    /// A block is new or has more lines at its end: peers of the earlier version still fit.
    Growth(String),
    /// Peers of the earlier version do not fit.
    Change(String),
}

/// The blocks of this build.
fn present() -> Blocks {
    let mut blocks = Blocks::new();
    visit(<PluginModule_Ref as StableAbi>::LAYOUT, "", &mut blocks, &mut Vec::new());
    let codes = [
        ("AdviceKind", AdviceKind::ALL),
        ("ErrorCode", ErrorCode::ALL),
        ("Level", Level::ALL),
        ("MachineState", MachineState::ALL),
        ("Question", Question::ALL),
        ("Resource", Resource::ALL),
        ("Source", Source::ALL),
        ("Stage", Stage::ALL),
    ];
    for (name, all) in codes {
        let lines = all.iter().map(|(code, number)| format!("{code} = {number}"));
        blocks.insert(format!("codes of {name}{MAY_GROW}"), lines.collect());
    }
    blocks
}

/// Adds the blocks of this type and of all that it is made of. `within`: the trait object that it is a
/// part of.
fn visit(layout: &'static TypeLayout, within: &str, blocks: &mut Blocks, seen: &mut Vec<UTypeId>) {
    let id = layout.get_utypeid();
    if seen.contains(&id) {
        return;
    }
    seen.push(id);
    let name = layout.name();
    let within = if name.ends_with("_TO") { name } else { within };
    if layout.package() == CRATE {
        let block = match layout.data() {
            TLData::PrefixType(_) if name == "VTable" => format!("methods of {within}{MAY_GROW}"),
            TLData::PrefixType(_) => format!("{name}{MAY_GROW}"),
            // It has a line for each kind of plugin.
            _ if name == "MakeFn" => format!("{name}{MAY_GROW}"),
            _ => format!("{name}, {} bytes, aligned to {}", layout.size(), layout.alignment()),
        };
        blocks.entry(block).or_default().extend(lines(layout));
    }
    let mut parts: Vec<&'static TypeLayout> = Vec::new();
    for field in layout.get_fields().into_iter().flatten() {
        parts.push(field.layout());
        for function in field.function_range() {
            parts.extend(function.param_type_layouts.iter().map(|each| each()));
            parts.extend(function.return_type_layout().map(|each| each()));
        }
    }
    parts.extend(layout.phantom_fields().into_iter().map(|field| field.layout()));
    for part in parts {
        visit(part, within, blocks, seen);
    }
}

/// The fields or methods of a type.
fn lines(layout: &'static TypeLayout) -> Vec<String> {
    let first_later = match layout.data() {
        TLData::PrefixType(prefix) => usize::from(prefix.first_suffix_field),
        _ => usize::MAX,
    };
    let fields = layout.get_fields().into_iter().flatten().enumerate();
    let line = fields.map(|(index, field)| {
        let later = if index < first_later { "" } else { "+ " };
        match field.function_range().into_iter().next().filter(|_| field.is_function()) {
            Some(function) => format!("{later}{}{}", field.name(), signature(&function)),
            None => format!("{later}{}: {}", field.name(), named(field.layout(), 0)),
        }
    });
    line.collect()
}

fn signature(function: &TLFunction) -> String {
    let types = function.param_type_layouts.iter().map(|each| named(each(), 0));
    let types: Vec<String> = types.collect();
    let returns = function.return_type_layout().map_or("()".to_owned(), |each| named(each(), 0));
    format!("({}) -> {returns}", types.join(", "))
}

/// The name of a type, and where it is of others, of what is in it.
fn named(layout: &'static TypeLayout, depth: usize) -> String {
    let name = layout.name().trim();
    if layout.package() == CRATE || WHOLE.contains(&name) || depth > DEPTH {
        return name.to_owned();
    }
    let fields = layout.get_fields().into_iter().flatten().map(|field| field.layout());
    let phantoms = layout.phantom_fields().into_iter().map(|field| field.layout());
    let mut inner: Vec<String> = Vec::new();
    for part in fields.chain(phantoms) {
        let part = named(part, depth + 1);
        let says = !USUAL.contains(&part.as_str()) && !part.starts_with("PhantomData");
        if says && !inner.contains(&part) {
            inner.push(part);
        }
    }
    match inner.join(", ") {
        inner if POINTERS.contains(&name) => inner,
        inner if inner.is_empty() => name.to_owned(),
        inner => format!("{name}<{inner}>"),
    }
}

fn difference(released: &Blocks, present: &Blocks) -> Difference {
    let mut grown = Vec::new();
    for (name, lines) in released {
        let Some(now) = present.get(name) else {
            return Difference::Change(format!("`{name}` is gone or has another size"));
        };
        let of_both = lines.iter().zip(now);
        if let Some((was, is)) = of_both.clone().find(|(was, is)| was != is) {
            return Difference::Change(format!("`{name}`: `{was}` is now `{is}`"));
        }
        let more = &now[of_both.len()..];
        if now.len() < lines.len() || (!more.is_empty() && !name.ends_with(MAY_GROW)) {
            return Difference::Change(format!(
                "`{name}` has {} lines, not {}",
                now.len(),
                lines.len()
            ));
        }
        grown.extend(more.iter().map(|line| format!("`{name}`: `{line}`")));
    }
    let new = present.keys().filter(|name| !released.contains_key(*name));
    grown.extend(new.map(|name| format!("`{name}`")));
    if grown.is_empty() { Difference::None } else { Difference::Growth(grown.join("; ")) }
}

/// Major and minor version of this crate: those of the interface.
fn version() -> String {
    let (major, minor) = (env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"));
    format!("{major}.{minor}")
}

fn to_text(blocks: &Blocks) -> String {
    let mut text = format!("version {}\n", version());
    for (name, lines) in blocks {
        let _ = write!(text, "\n{name}\n");
        for line in lines {
            let _ = writeln!(text, "    {line}");
        }
    }
    text
}

fn of_text(text: &str) -> Blocks {
    let mut blocks = Blocks::new();
    for block in text.split("\n\n").skip(1) {
        let mut lines = block.lines();
        let name = lines.next().unwrap_or_default().to_owned();
        blocks.insert(name, lines.map(|line| line.trim().to_owned()).collect());
    }
    blocks
}

/// What to do about a difference; `None`: nothing. `released`: the version of the file.
fn demand(difference: &Difference, released: &str) -> Option<String> {
    match difference {
        Difference::None => None,
        Difference::Growth(what) if released == version() => Some(format!(
            "the interface grew: {what}. Raise the minor version in sdk/abi/Cargo.toml, see docs/abi.md"
        )),
        Difference::Growth(what) => Some(format!(
            "the interface grew: {what}. Write it down: UPDATE_ABI=1 cargo test -p vmkit-abi"
        )),
        Difference::Change(what) => Some(format!(
            "a frozen part of the interface changed: {what}. Plugins that exist would be refused. Take it \
             back, and put what is new into `ext` or at the tail; or make a new epoch, see docs/abi.md"
        )),
    }
}

#[cfg(target_pointer_width = "64")]
#[test]
fn nothing_that_is_frozen_changes_and_what_grows_has_a_new_version() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("layouts");
    let file = folder.join(format!("epoch-{EPOCH}.txt"));
    let (text, present) = (fs::read_to_string(&file).unwrap_or_default(), present());
    let released = text.lines().next().and_then(|line| line.strip_prefix("version "));
    let difference = difference(&of_text(&text), &present);
    let is_new = released.is_none();
    let may_update = is_new || matches!(difference, Difference::Growth(_));
    let raised = released != Some(version().as_str());
    if may_update && raised && std::env::var_os("UPDATE_ABI").is_some() {
        fs::write(&file, to_text(&present)).unwrap();
        return;
    }
    if let Some(demand) = demand(&difference, released.unwrap_or_default()) {
        panic!("{demand}");
    }
}

#[test]
fn a_change_is_told_from_growth() {
    let blocks = |text: &str| of_text(&format!("version 1.0\n\n{text}"));
    let fact = "Fact, 96 bytes, aligned to 8\n    key: RString\n    value: RString\n";
    let host = "HostApi, which may grow\n    emit() -> bool\n";
    let released = blocks(&format!("{fact}\n{host}"));
    let edited = |from: &str, to: &str| blocks(&format!("{fact}\n{host}").replace(from, to));
    let rows = [
        (edited("", ""), "none"),
        (edited("emit() -> bool\n", "emit() -> bool\n    + ask() -> ()\n"), "grew"),
        (edited("Fact", "New, 8 bytes, aligned to 8\n    a: u64\n\nFact"), "grew"),
        (edited("emit() -> bool\n", "emit() -> u32\n"), "`emit() -> bool` is now `emit() -> u32`"),
        (edited("emit()", "ask() -> ()\n    emit()"), "`emit() -> bool` is now `ask() -> ()`"),
        (edited("    emit() -> bool\n", ""), "has 0 lines, not 1"),
        (edited("value: RString", "value: RString\n    more: u8"), "has 3 lines, not 2"),
        (edited("96 bytes", "104 bytes"), "is gone or has another size"),
        (edited(host, ""), "is gone or has another size"),
    ];
    for (present, expected) in rows {
        let found = difference(&released, &present);
        let kind = demand(&found, "0.9").unwrap_or_else(|| "none".to_owned());
        assert!(kind.contains(expected), "{expected}: {kind}");
        let frozen = matches!(found, Difference::Change(_));
        assert_eq!(frozen, kind.starts_with("a frozen part"), "{kind}");
    }
    let grown = Difference::Growth("x".to_owned());
    assert!(demand(&grown, &version()).unwrap().contains("Raise the minor version"));
}
