//! Reads `nft -j list ruleset` (libnftables-json(5)).

use serde_json::{Map, Value};
use vmkit_types::bounded;

use super::{
    LONGEST_RULE,
    constant::priority,
    json_statement::{elements, statements},
    rules::{Base, Chain, ChainName, Family, Hook, Rule, Rules},
};

type Object = Map<String, Value>;

/// The rules. `None`: it is no such document.
pub(crate) fn read(text: &str) -> Option<Rules> {
    let document: Value = serde_json::from_str(text).ok()?;
    let list = document.get("nftables")?.as_array()?;
    let mut rules = Rules::default();
    for entry in list.iter().filter_map(Value::as_object) {
        let Some((kind, body)) = entry.iter().next() else { continue };
        let Some(body) = body.as_object() else { continue };
        match kind.as_str() {
            "chain" => {
                let name = name(body, "name")?;
                let chain = Chain { base: base(body, name.family), rules: Vec::new(), end: None };
                rules.chains.insert(name, chain);
            }
            "rule" => {
                let chain = rules.chains.get_mut(&name(body, "chain")?)?;
                chain.rules.push(rule(body));
            }
            "set" | "map" => {
                let list = body.get("elem").map(elements).unwrap_or_default();
                rules.sets.insert(name(body, "name")?, list);
            }
            _ => {}
        }
    }
    Some(rules)
}

fn text<'a>(object: &'a Object, key: &str) -> Option<&'a str> {
    object.get(key)?.as_str()
}

fn name(object: &Object, key: &str) -> Option<ChainName> {
    Some(ChainName {
        family: Family::named(text(object, "family")?)?,
        table: text(object, "table")?.to_owned(),
        name: text(object, key)?.to_owned(),
    })
}

fn base(object: &Object, family: Family) -> Option<Base> {
    let devices = match object.get("dev") {
        Some(Value::String(device)) => vec![device.clone()],
        Some(Value::Array(devices)) => {
            devices.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    };
    let level = match object.get("prio") {
        Some(Value::Number(number)) => number.as_i64()?,
        Some(Value::String(words)) => priority(words, family),
        _ => 0,
    };
    Some(Base {
        hook: Hook::named(text(object, "hook")?)?,
        priority: level,
        drops: text(object, "policy") == Some("drop"),
        translates: text(object, "type") == Some("nat"),
        devices,
        frames: None,
    })
}

fn rule(object: &Object) -> Rule {
    let expressions = object.get("expr").and_then(Value::as_array);
    let list = expressions.map(Vec::as_slice).unwrap_or_default();
    let frames = list.iter().find_map(|part| part.get("counter")?.get("packets")?.as_u64());
    let text: Vec<String> = list.iter().map(Value::to_string).collect();
    let text = bounded(&text.join(" "), LONGEST_RULE).to_owned();
    Rule { statements: statements(list), text, frames }
}
