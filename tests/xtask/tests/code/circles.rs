//! Circles among the files of a crate.
//!
//! A file uses another if it names something that the other defines: in a `use`, or in a path anywhere
//! in its code or its macros. A `pub use` is followed to the definition and is itself no use, and nor
//! is `mod x;`. So a folder's `mod.rs` may call its parts, or define what they share, but not both.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{
    Item, ItemUse, UseTree, Visibility,
    visit::{self, Visit},
};

use crate::tree::{Crate, SourceFile};

/// A name that leads through more `use` declarations than this leads nowhere.
const MOST_IMPORTS: usize = 16;

type ModulePath = Vec<String>;

/// The circles of the crate, each as a chain of files with what each of them names in the next.
pub(crate) fn circles(each: &Crate) -> Vec<String> {
    let tree = ModuleTree::new(each);
    let edges: Vec<_> = each.files.iter().map(|file| tree.uses(file)).collect();
    let mut found = BTreeMap::new();
    for (from, uses) in edges.iter().enumerate() {
        for to in uses.keys() {
            if let Some(mut circle) = shortest_path(&edges, *to, from) {
                let smallest = circle.iter().enumerate().min_by_key(|(_, file)| **file);
                let start = smallest.map_or(0, |(index, _)| index);
                circle.rotate_left(start);
                found.entry(circle.clone()).or_insert_with(|| show(each, &edges, &circle));
            }
        }
    }
    found.into_values().collect()
}

fn show(each: &Crate, edges: &[BTreeMap<usize, String>], circle: &[usize]) -> String {
    let next = |index: usize| circle[(index + 1) % circle.len()];
    let links = circle.iter().enumerate().map(|(index, file)| {
        let path = each.files[*file].path.strip_prefix(&each.folder);
        let path = path.unwrap_or(&each.files[*file].path).display();
        format!("{path} ({}) → ", edges[*file][&next(index)])
    });
    let links: String = links.collect();
    format!("{}: {links}the first", each.folder.display())
}

/// The files on the shortest way from one to the other, both included.
fn shortest_path(edges: &[BTreeMap<usize, String>], from: usize, to: usize) -> Option<Vec<usize>> {
    let mut before = BTreeMap::from([(from, from)]);
    let mut open = VecDeque::from([from]);
    while let Some(file) = open.pop_front() {
        if file == to {
            let mut path = vec![to];
            while path[path.len() - 1] != from {
                path.push(before[&path[path.len() - 1]]);
            }
            path.reverse();
            return Some(path);
        }
        for next in edges[file].keys() {
            if !before.contains_key(next) {
                before.insert(*next, file);
                open.push_back(*next);
            }
        }
    }
    None
}

/// What a module holds, by name.
#[derive(Default)]
struct Module {
    file: usize,
    /// Names that a `use` brings in, private ones too, with the path that they stand for.
    imports: BTreeMap<String, ModulePath>,
    /// The modules whose items a `use …::*` brings in.
    globs: Vec<ModulePath>,
    defined: BTreeSet<String>,
}

struct ModuleTree {
    modules: BTreeMap<ModulePath, Module>,
}

impl ModuleTree {
    fn new(each: &Crate) -> Self {
        let mut tree = Self { modules: BTreeMap::new() };
        for (index, file) in each.files.iter().enumerate() {
            tree.add(&file.module, index, &file.items);
        }
        tree
    }

    fn add(&mut self, path: &[String], file: usize, items: &[Item]) {
        let mut module = Module { file, ..Module::default() };
        for item in items {
            match item {
                Item::Use(item) => flatten(&item.tree, &[], &mut |path, name| match name {
                    Some(name) => drop(module.imports.insert(name, path)),
                    None => module.globs.push(path),
                }),
                Item::Mod(inline) => {
                    if let Some((_, items)) = &inline.content {
                        self.add(&[path, &[inline.ident.to_string()]].concat(), file, items);
                    }
                }
                other => drop(defined_name(other).map(|name| module.defined.insert(name))),
            }
        }
        self.modules.insert(path.to_vec(), module);
    }

    /// The files that this one uses, each with a path that does.
    fn uses(&self, file: &SourceFile) -> BTreeMap<usize, String> {
        let mut named = Named { module: file.module.clone(), paths: Vec::new() };
        file.items.iter().for_each(|item| named.visit_item(item));
        let own = self.modules[&file.module].file;
        let mut uses = BTreeMap::new();
        for (module, path) in named.paths {
            let target = self.file_of(&module, &path, 0).filter(|target| *target != own);
            if let Some(target) = target {
                uses.entry(target).or_insert_with(|| path.join("::"));
            }
        }
        uses
    }

    /// The file that defines what the path names, if it is the crate's and not a module.
    fn file_of(&self, module: &[String], path: &[String], depth: usize) -> Option<usize> {
        if depth > MOST_IMPORTS {
            return None;
        }
        let (first, rest) = path.split_first()?;
        let mut at = module.to_vec();
        match first.as_str() {
            "crate" => self.below(&[], rest, depth),
            "self" => self.below(module, rest, depth),
            "super" => {
                at.pop()?;
                let rest = match rest.split_first() {
                    Some((next, _)) if next == "super" => return self.file_of(&at, rest, depth),
                    _ => rest,
                };
                self.below(&at, rest, depth)
            }
            name => {
                let known = self.modules.get(module)?;
                at.push(name.to_owned());
                if known.imports.contains_key(name) || self.modules.contains_key(&at) {
                    self.below(module, path, depth)
                } else {
                    None
                }
            }
        }
    }

    /// The file that defines what the path below the module names.
    fn below(&self, module: &[String], path: &[String], depth: usize) -> Option<usize> {
        let (first, rest) = path.split_first()?;
        let known = self.modules.get(module)?;
        if first == "*" {
            return Some(known.file);
        }
        let child = [module, std::slice::from_ref(first)].concat();
        if self.modules.contains_key(&child) && (!rest.is_empty() || !known.defines(first)) {
            return self.below(&child, rest, depth);
        }
        if let Some(import) = known.imports.get(first) {
            let through = [import.as_slice(), rest].concat();
            return self.file_of(module, &through, depth + 1);
        }
        if known.defined.contains(first) {
            return Some(known.file);
        }
        let through = known.globs.iter().map(|glob| {
            let path = [&glob[..glob.len() - 1], path].concat();
            self.file_of(module, &path, depth + 1)
        });
        through.flatten().next()
    }
}

impl Module {
    fn defines(&self, name: &str) -> bool {
        self.defined.contains(name) || self.imports.contains_key(name)
    }
}

fn defined_name(item: &Item) -> Option<String> {
    Some(match item {
        Item::Const(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Fn(item) => item.sig.ident.to_string(),
        Item::Macro(item) => item.ident.as_ref()?.to_string(),
        Item::Static(item) => item.ident.to_string(),
        Item::Struct(item) => item.ident.to_string(),
        Item::Trait(item) => item.ident.to_string(),
        Item::Type(item) => item.ident.to_string(),
        Item::Union(item) => item.ident.to_string(),
        _ => return None,
    })
}

/// Each name of a `use` with its whole path; a glob has no name and a path that ends in `*`.
fn flatten(tree: &UseTree, above: &[String], found: &mut impl FnMut(ModulePath, Option<String>)) {
    let with = |name: &dyn ToString| [above, &[name.to_string()]].concat();
    match tree {
        UseTree::Path(path) => flatten(&path.tree, &with(&path.ident), found),
        UseTree::Name(name) if name.ident == "self" => {
            found(above.to_vec(), above.last().cloned());
        }
        UseTree::Name(name) => found(with(&name.ident), Some(name.ident.to_string())),
        UseTree::Rename(name) if name.ident == "self" => {
            found(above.to_vec(), Some(name.rename.to_string()));
        }
        UseTree::Rename(name) => found(with(&name.ident), Some(name.rename.to_string())),
        UseTree::Glob(_) => found(with(&"*"), None),
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, above, found)),
    }
}

/// Gathers the paths that a file names, each with the module in which it does.
struct Named {
    module: ModulePath,
    paths: Vec<(ModulePath, ModulePath)>,
}

impl<'a> Visit<'a> for Named {
    fn visit_item(&mut self, item: &'a Item) {
        match item {
            Item::Mod(module) => {
                self.module.push(module.ident.to_string());
                visit::visit_item(self, item);
                self.module.pop();
            }
            Item::Use(used) => self.visit_item_use(used),
            other => self.add_tokens(other.to_token_stream()),
        }
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        if matches!(item.vis, Visibility::Inherited) {
            flatten(&item.tree, &[], &mut |path, _| {
                self.paths.push((self.module.clone(), path));
            });
        }
    }
}

impl Named {
    /// Adds every chain of names that `::` joins, inside of macros as well.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut chain: ModulePath = Vec::new();
        let mut colons = 0;
        // A name after a dot is a field or a method.
        let mut after_dot = false;
        for token in tokens {
            match token {
                TokenTree::Ident(_) if after_dot => after_dot = false,
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.finish(&mut chain);
                    }
                    chain.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' && !chain.is_empty() => colons += 1,
                TokenTree::Group(group) => {
                    if colons == 2 {
                        // A `use` inside of a function.
                        let prefix = chain.clone();
                        self.add_group(&prefix, group.stream());
                    } else {
                        self.add_tokens(group.stream());
                    }
                    self.finish(&mut chain);
                    colons = 0;
                }
                other => {
                    self.finish(&mut chain);
                    colons = 0;
                    after_dot = matches!(&other, TokenTree::Punct(mark) if mark.as_char() == '.');
                }
            }
        }
        self.finish(&mut chain);
    }

    fn add_group(&mut self, prefix: &[String], tokens: TokenStream) {
        let mut inner = Self { module: self.module.clone(), paths: Vec::new() };
        inner.add_tokens(tokens);
        let paths = inner.paths.into_iter();
        self.paths.extend(paths.map(|(module, path)| (module, [prefix, &path].concat())));
    }

    fn finish(&mut self, chain: &mut ModulePath) {
        if !chain.is_empty() {
            self.paths.push((self.module.clone(), std::mem::take(chain)));
        }
    }
}
