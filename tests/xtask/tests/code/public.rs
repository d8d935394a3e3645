//! Public items that nobody outside of their crate uses.
//!
//! An item has a user if its name occurs in the code of a crate that depends on its own, tests
//! included, or in the signature of another public item. Names are compared, not resolved: an item
//! with a frequent name, such as `new`, counts as used.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens as _;
use syn::{ImplItem, Item, ItemImpl, TraitItem, Visibility};

use crate::tree::{Crate, SourceFile, add_names};

struct PublicItem {
    /// Empty for macros and implementations of traits, which only mention others.
    name: String,
    place: String,
    /// The names in its signature, fields and variants.
    mentions: BTreeSet<String>,
}

/// The crate's public items that neither these names nor other public items mention.
pub(crate) fn unused(each: &Crate, names_outside: &BTreeSet<String>) -> Vec<String> {
    let mut items = Vec::new();
    for file in &each.files {
        add_items(file, &file.items, &mut items);
    }
    let mut mentioned: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for item in &items {
        for name in &item.mentions {
            mentioned.entry(name).or_default().insert(&item.name);
        }
    }
    let is_mentioned = |item: &PublicItem| {
        mentioned.get(item.name.as_str()).is_some_and(|by| by.iter().any(|name| *name != item.name))
    };
    let is_used = |item: &PublicItem| names_outside.contains(&item.name) || is_mentioned(item);
    let unused = items.iter().filter(|item| !item.name.is_empty() && !is_used(item));
    unused.map(|item| format!("{}: {}", item.place, item.name)).collect()
}

fn add_items(file: &SourceFile, items: &[Item], found: &mut Vec<PublicItem>) {
    for item in items {
        match item {
            Item::Const(item) => found.extend(public(file, &item.vis, &item.ident, &item.ty)),
            Item::Static(item) => found.extend(public(file, &item.vis, &item.ident, &item.ty)),
            Item::Type(item) => found.extend(public(file, &item.vis, &item.ident, &item.ty)),
            Item::Enum(item) => found.extend(public(file, &item.vis, &item.ident, &item.variants)),
            Item::Fn(item) => found.extend(public(file, &item.vis, &item.sig.ident, &item.sig)),
            Item::Struct(item) => {
                let fields = item.fields.iter().filter(|field| is_public(&field.vis));
                let types: TokenStream = fields.map(|field| field.ty.to_token_stream()).collect();
                found.extend(public(file, &item.vis, &item.ident, &types));
            }
            Item::Trait(item) => {
                let members = item.items.iter().map(|member| match member {
                    TraitItem::Fn(member) => member.sig.to_token_stream(),
                    other => other.to_token_stream(),
                });
                let members: TokenStream = members.collect();
                found.extend(public(file, &item.vis, &item.ident, &members));
            }
            Item::Impl(item) if item.trait_.is_none() => add_members(file, &item.items, found),
            Item::Impl(item) => found.push(implementation(item)),
            Item::Macro(item) => {
                // The macro's user names what it expands to.
                let exported = item.attrs.iter().any(|each| each.path().is_ident("macro_export"));
                let mut mentions = BTreeSet::new();
                if exported {
                    add_names(item.mac.tokens.clone(), &mut mentions);
                }
                found.push(PublicItem { name: String::new(), place: String::new(), mentions });
            }
            Item::Mod(module) => {
                if let Some((_, items)) = &module.content {
                    add_items(file, items, found);
                }
            }
            _ => {}
        }
    }
}

fn add_members(file: &SourceFile, members: &[ImplItem], found: &mut Vec<PublicItem>) {
    for member in members {
        match member {
            ImplItem::Fn(member) => {
                let signature = &member.sig;
                found.extend(public(file, &member.vis, &signature.ident, signature));
            }
            ImplItem::Const(member) => {
                found.extend(public(file, &member.vis, &member.ident, &member.ty));
            }
            _ => {}
        }
    }
}

/// The implementation of a trait makes others see the trait's parameters and associated types.
fn implementation(item: &ItemImpl) -> PublicItem {
    let mut mentions = BTreeSet::new();
    let name = item.trait_.as_ref().map(|(path, _)| path.to_token_stream());
    add_names(name.unwrap_or_default(), &mut mentions);
    for member in &item.items {
        if let ImplItem::Type(associated) = member {
            add_names(associated.ty.to_token_stream(), &mut mentions);
        }
    }
    PublicItem { name: String::new(), place: String::new(), mentions }
}

fn public(
    file: &SourceFile,
    visibility: &Visibility,
    name: &Ident,
    signature: &impl quote::ToTokens,
) -> Option<PublicItem> {
    let mut mentions = BTreeSet::new();
    add_names(signature.to_token_stream(), &mut mentions);
    let line = name.span().start().line;
    let place = format!("{}:{line}", file.path.display());
    is_public(visibility).then(|| PublicItem { name: name.to_string(), place, mentions })
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}
