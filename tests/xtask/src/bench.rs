//! `cargo xtask bench`: speed and memory of whole processes, against their limits.

use anyhow::Context;

use crate::{
    command,
    stage::{self, Profile},
    test::prepare_lab,
    workspace::Workspace,
};

/// Measures a staged release build.
pub(crate) fn bench(workspace: &Workspace) -> anyhow::Result<()> {
    prepare_lab().context("measuring needs the lab")?;
    #[cfg(target_os = "linux")]
    crate::packages::get(vmkit_lab::BENCH_REQUIREMENTS)?;
    let prefix = stage::stage(workspace, Profile::Release)?;
    let arguments = ["run", "--quiet", "--release", "--package", "vmkit-bench"];
    command::run(workspace.cargo().args(arguments).env("VMKIT_STAGE", prefix))
}
