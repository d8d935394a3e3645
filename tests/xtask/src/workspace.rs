//! The workspace's packages, from cargo.

use std::{
    env::consts,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;
use cargo_metadata::{Metadata, MetadataCommand, TargetKind};

/// The workspace that this program was built from.
pub(crate) struct Workspace {
    metadata: Metadata,
}

/// A plugin of this workspace.
pub(crate) struct Plugin {
    /// The package, as `cargo build -p` names it.
    pub(crate) package: String,
    /// The library's file name on this platform, for example `libsignal_arp.so`.
    pub(crate) file_name: String,
    /// The library's name in Rust, for example `signal_arp`.
    library: String,
}

impl Plugin {
    /// The library's file name on a Mac.
    pub(crate) fn file_name_on_macos(&self) -> String {
        format!("lib{}.dylib", self.library)
    }
}

impl Workspace {
    /// Reads the workspace's metadata from cargo.
    pub(crate) fn load() -> anyhow::Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let metadata = MetadataCommand::new()
            .manifest_path(manifest)
            .no_deps()
            .exec()
            .context("cannot read the workspace's metadata")?;
        Ok(Self { metadata })
    }

    /// The folder of the root Cargo.toml.
    pub(crate) fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    /// Cargo's build directory.
    pub(crate) fn target(&self) -> &Path {
        self.metadata.target_directory.as_std_path()
    }

    /// `cargo`, run at the workspace's root.
    pub(crate) fn cargo(&self) -> Command {
        let cargo = std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
        let mut command = Command::new(cargo);
        command.current_dir(self.root());
        command
    }

    /// The packages that are published, each with its version.
    pub(crate) fn published(&self) -> Vec<(String, String)> {
        let packages = self.metadata.workspace_packages().into_iter();
        // An empty list of registries stands for `publish = false`.
        let published = packages.filter(|package| package.publish.is_none());
        published.map(|package| (package.name.to_string(), package.version.to_string())).collect()
    }

    /// Every plugin that is shipped.
    pub(crate) fn plugins(&self) -> Vec<Plugin> {
        self.plugins_in("plugins")
    }

    /// Every plugin that only tests load.
    pub(crate) fn test_plugins(&self) -> Vec<Plugin> {
        self.plugins_in("tests/contract/plugins")
    }

    /// Every package below `folder` that builds a shared library.
    fn plugins_in(&self, folder: &str) -> Vec<Plugin> {
        let folder = self.metadata.workspace_root.join(folder);
        let packages = self.metadata.workspace_packages();
        let plugins = packages.into_iter().filter(|each| each.manifest_path.starts_with(&folder));
        plugins
            .filter_map(|package| {
                let is_plugin = |kind: &TargetKind| matches!(kind, TargetKind::CDyLib);
                let library =
                    package.targets.iter().find(|each| each.kind.iter().any(is_plugin))?;
                let library = library.name.replace('-', "_");
                let (prefix, suffix) = (consts::DLL_PREFIX, consts::DLL_SUFFIX);
                Some(Plugin {
                    package: package.name.to_string(),
                    file_name: format!("{prefix}{library}{suffix}"),
                    library,
                })
            })
            .collect()
    }
}
