//! Public items without a runnable example in their documentation.

use syn::{Attribute, Expr, Ident, Item, Lit, Meta, Visibility};

use crate::tree::{Crate, SourceFile};

/// Modules of glue that macros need, which the documentation hides.
const HIDDEN: &[&str] = &["export"];

/// The types, traits and functions of the crate whose own documentation has no example that runs.
pub(crate) fn missing(each: &Crate) -> Vec<String> {
    let shown = each
        .files
        .iter()
        .filter(|file| !file.module.iter().any(|it| HIDDEN.contains(&it.as_str())));
    shown.flat_map(of_file).collect()
}

fn of_file(file: &SourceFile) -> Vec<String> {
    let public = file.items.iter().filter_map(|item| {
        let (visibility, name, attributes): (&Visibility, &Ident, &[Attribute]) = match item {
            Item::Enum(item) => (&item.vis, &item.ident, &item.attrs),
            Item::Fn(item) => (&item.vis, &item.sig.ident, &item.attrs),
            Item::Struct(item) => (&item.vis, &item.ident, &item.attrs),
            Item::Trait(item) => (&item.vis, &item.ident, &item.attrs),
            Item::Type(item) => (&item.vis, &item.ident, &item.attrs),
            _ => return None,
        };
        matches!(visibility, Visibility::Public(_)).then_some((name, attributes))
    });
    let without = public.filter(|(_, attributes)| !has_example(attributes));
    let place = |name: &Ident| format!("{}:{}", file.path.display(), name.span().start().line);
    without.map(|(name, _)| format!("{}: {name}", place(name))).collect()
}

/// Whether a block of the documentation is run: one without a word, or with `rust` alone.
fn has_example(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let Meta::NameValue(meta) = &attribute.meta else { return false };
        let Expr::Lit(text) = &meta.value else { return false };
        let Lit::Str(text) = &text.lit else { return false };
        meta.path.is_ident("doc") && matches!(text.value().trim(), "```" | "```rust")
    })
}

#[test]
fn an_example_is_a_block_that_runs() {
    let rows = [
        ("/// A.\n///\n/// ```\n/// f();\n/// ```\npub fn f() {}", true),
        ("/// A.\n///\n/// ```rust\n/// f();\n/// ```\npub fn f() {}", true),
        ("/// A.\npub fn f() {}", false),
    ];
    for (text, expected) in rows {
        let item: syn::ItemFn = syn::parse_str(text).expect("a function");
        assert_eq!(has_example(&item.attrs), expected, "{text}");
    }
}
