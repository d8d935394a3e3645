//! `vm explain`.

#[cfg(test)]
mod pages;

use vmkit_diagnose::{Catalogue, CatalogueError, page};

use crate::{
    arguments,
    context::Context,
    exit::{Exit, Failure},
    output,
};

/// Shows the page of one cause, or lists all codes.
pub(crate) fn run(code: Option<&str>, context: &Context) -> anyhow::Result<Exit> {
    let (catalogue, terminal) = (catalogue()?, output::terminal(context));
    let Some(code) = code else {
        output::answer(|out| vmkit_report::write_codes(&catalogue, out, terminal))?;
        return Ok(Exit::Healthy);
    };
    let code = &code.to_ascii_lowercase();
    let Some(page) = page(code, &catalogue) else {
        let failure = Failure::new(format!("there is no cause `{}`", vmkit_types::escaped(code)));
        return Err(failure.with_hint(vmkit_report::code_hint(code, &catalogue)).into());
    };
    output::answer(|out| vmkit_report::write_page(&page, out, terminal))?;
    Ok(Exit::Healthy)
}

/// What can be explained, with the commands that this version has.
fn catalogue() -> Result<Catalogue, CatalogueError> {
    Ok(Catalogue::builtin()?.with_commands(arguments::has_command))
}
