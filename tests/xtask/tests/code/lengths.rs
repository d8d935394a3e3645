//! How long functions are: the lines between a body's braces, those of closures and nested items
//! included.

use syn::{
    Block, ImplItemFn, Item, ItemFn, Signature, TraitItemFn,
    spanned::Spanned as _,
    visit::{self, Visit},
};

use crate::tree::{self, SourceFile};

/// The functions of the file whose bodies have more than `limit` lines, each with its place.
pub(crate) fn longer_than(limit: usize, file: &SourceFile) -> Vec<String> {
    let mut functions = Functions { found: Vec::new() };
    file.items.iter().for_each(|item| functions.visit_item(item));
    let long = functions.found.into_iter().filter(|(_, _, lines)| *lines > limit);
    let path = file.path.display();
    long.map(|(name, line, lines)| format!("{path}:{line}: {name}, {lines} lines")).collect()
}

struct Functions {
    /// Name, first line, lines of the body.
    found: Vec<(String, usize, usize)>,
}

impl Functions {
    fn add(&mut self, signature: &Signature, body: &Block) {
        let braces = body.brace_token.span;
        let lines = braces.close().start().line.saturating_sub(braces.open().end().line + 1);
        self.found.push((signature.ident.to_string(), signature.span().start().line, lines));
    }
}

impl<'a> Visit<'a> for Functions {
    fn visit_item(&mut self, item: &'a Item) {
        if !tree::attributes(item).iter().any(tree::is_for_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'a ItemFn) {
        self.add(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'a ImplItemFn) {
        self.add(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'a TraitItemFn) {
        if let Some(body) = &item.default {
            self.add(&item.sig, body);
        }
        visit::visit_trait_item_fn(self, item);
    }
}
