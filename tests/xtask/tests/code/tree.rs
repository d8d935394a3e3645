//! The workspace's source files, parsed, each at its place in its crate's tree of modules.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use cargo_metadata::{MetadataCommand, Package, TargetKind};
use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, Item, Meta};

/// A library, a program, or a test of a package.
pub(crate) struct Crate {
    pub(crate) package: String,
    /// The package's folder below the workspace's root, such as `core/hosts`.
    pub(crate) folder: PathBuf,
    pub(crate) is_library: bool,
    /// The root comes first. Modules of tests are not among them.
    pub(crate) files: Vec<SourceFile>,
}

/// A file and its module, whose path is empty for the crate's root.
pub(crate) struct SourceFile {
    /// Below the workspace's root.
    pub(crate) path: PathBuf,
    pub(crate) module: Vec<String>,
    /// What is built outside of tests.
    pub(crate) items: Vec<Item>,
    /// Every name in the file, tests included.
    pub(crate) names: BTreeSet<String>,
}

pub(crate) struct Workspace {
    pub(crate) crates: Vec<Crate>,
    /// By package, the workspace's packages that it depends on, for tests as well, also through others.
    pub(crate) depends_on: BTreeMap<String, BTreeSet<String>>,
}

impl Workspace {
    /// The names in the code that can use the package's public items: in packages that depend on it,
    /// and in its own programs and integration tests.
    pub(crate) fn names_outside(&self, package: &str) -> BTreeSet<String> {
        let outside = self.crates.iter().filter(|each| {
            let is_beside = each.package == package && !each.is_library;
            is_beside || self.depends_on[&each.package].contains(package)
        });
        outside.flat_map(|each| &each.files).flat_map(|file| file.names.clone()).collect()
    }

    pub(crate) fn load() -> Self {
        let mut command = MetadataCommand::new();
        command.manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml")).no_deps();
        let metadata = command.exec().expect("the workspace's metadata");
        let root = metadata.workspace_root.clone().into_std_path_buf();
        let packages = metadata.workspace_packages();
        let crates = packages.iter().flat_map(|package| crates_of(package, &root)).collect();
        Self { crates, depends_on: dependencies(&packages) }
    }
}

fn crates_of(package: &Package, root: &Path) -> Vec<Crate> {
    let manifest = package.manifest_path.as_std_path();
    let folder = manifest.parent().expect("a manifest's folder");
    let mut crates = Vec::new();
    for target in &package.targets {
        if target.kind.contains(&TargetKind::CustomBuild) {
            continue;
        }
        let is = |kind: &TargetKind| target.kind.contains(kind);
        let mut files = Vec::new();
        read_module(target.src_path.as_std_path(), &[], root, &mut files);
        crates.push(Crate {
            package: package.name.to_string(),
            folder: folder.strip_prefix(root).expect("a folder below the root").to_owned(),
            is_library: is(&TargetKind::Lib) || is(&TargetKind::CDyLib),
            files,
        });
    }
    crates
}

/// Reads the file and those of the modules that it declares.
fn read_module(path: &Path, module: &[String], root: &Path, files: &mut Vec<SourceFile>) {
    let text = fs::read_to_string(path).expect("a readable source file");
    let parsed = text.parse::<TokenStream>().map_err(syn::Error::from);
    let parsed = parsed.and_then(|tokens| Ok((syn::parse2::<syn::File>(tokens.clone())?, tokens)));
    let (syntax, tokens) = parsed.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut names = BTreeSet::new();
    add_names(tokens, &mut names);
    let items = without_tests(syntax.items);
    let mut declared = Vec::new();
    declarations(&items, module, &mut declared);
    let below = path.strip_prefix(root).expect("a file below the root").to_owned();
    let folder = path.parent().expect("a file's folder").to_owned();
    let depth = module.len();
    let has_own_folder = path.ends_with("mod.rs") || depth == 0;
    files.push(SourceFile { path: below, module: module.to_owned(), items, names });
    for child in declared {
        let mut base = folder.clone();
        if !has_own_folder {
            base.push(path.file_stem().expect("a file's name"));
        }
        base.extend(&child[depth..child.len() - 1]);
        let name = child.last().expect("a declared module's name");
        let candidates = [base.join(name).with_extension("rs"), base.join(name).join("mod.rs")];
        // A module with a `#[path]`, which only integration tests use, is read where it lies.
        if let Some(file) = candidates.iter().find(|file| file.exists()) {
            read_module(file, &child, root, files);
        }
    }
}

/// Adds every name in the tokens, and the words of their strings: an attribute may name a function.
pub(crate) fn add_names(tokens: TokenStream, found: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(name) => drop(found.insert(name.to_string())),
            TokenTree::Group(group) => add_names(group.stream(), found),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
                found.extend(words.map(str::to_owned));
            }
            TokenTree::Punct(_) => {}
        }
    }
}

/// The modules that a file declares and other files hold, as paths from the crate's root.
fn declarations(items: &[Item], module: &[String], found: &mut Vec<Vec<String>>) {
    for item in items {
        let Item::Mod(declared) = item else { continue };
        let path = [module, &[declared.ident.to_string()]].concat();
        match &declared.content {
            Some((_, items)) => declarations(items, &path, found),
            None => found.push(path),
        }
    }
}

/// The items that are built outside of tests, in inline modules as well.
fn without_tests(items: Vec<Item>) -> Vec<Item> {
    let kept = items.into_iter().filter(|item| !attributes(item).iter().any(is_for_tests));
    let kept = kept.map(|item| match item {
        Item::Mod(mut module) => {
            module.content = module.content.map(|(brace, items)| (brace, without_tests(items)));
            Item::Mod(module)
        }
        other => other,
    });
    kept.collect()
}

/// Whether the attribute is `#[test]` or `#[cfg(test)]`.
pub(crate) fn is_for_tests(attribute: &Attribute) -> bool {
    match &attribute.meta {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        Meta::NameValue(_) => false,
    }
}

pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn dependencies(packages: &[&Package]) -> BTreeMap<String, BTreeSet<String>> {
    let names: BTreeSet<_> = packages.iter().map(|package| package.name.to_string()).collect();
    let direct = packages.iter().map(|package| {
        let known = package.dependencies.iter().map(|each| each.name.clone());
        (package.name.to_string(), known.filter(|name| names.contains(name)).collect())
    });
    let direct: BTreeMap<String, BTreeSet<String>> = direct.collect();
    let mut all = direct.clone();
    for known in all.values_mut() {
        let mut open: Vec<_> = known.iter().cloned().collect();
        while let Some(name) = open.pop() {
            open.extend(direct[&name].iter().filter(|each| known.insert((*each).clone())).cloned());
        }
    }
    all
}
