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

/// How many codes a hint lists.
const CODES_IN_A_HINT: usize = 8;

/// Shows the page of one cause.
pub(crate) fn run(code: &str, context: &Context) -> anyhow::Result<Exit> {
    let catalogue = catalogue()?;
    let code = &code.to_ascii_lowercase();
    let Some(page) = page(code, &catalogue) else {
        let failure = Failure::new(format!("there is no cause `{}`", vmkit_types::escaped(code)));
        return Err(failure.with_hint(hint(code, &catalogue)).into());
    };
    output::answer(|out| vmkit_report::write_page(&page, out, output::terminal(context)))?;
    Ok(Exit::Healthy)
}

/// What can be explained, with the commands that this version has.
fn catalogue() -> Result<Catalogue, CatalogueError> {
    Ok(Catalogue::builtin()?.with_commands(arguments::has_command))
}

/// The codes that have a word in common with the one that was asked for, or else some.
fn hint(code: &str, catalogue: &Catalogue) -> String {
    let words: Vec<&str> = code.split('-').filter(|word| word.len() > 2).collect();
    let all = || catalogue.causes().iter().map(|cause| cause.code);
    let mut near: Vec<&str> = all().filter(|c| words.iter().any(|word| c.contains(word))).collect();
    if near.is_empty() {
        near = all().collect();
    }
    let more = near.len() > CODES_IN_A_HINT;
    near.truncate(CODES_IN_A_HINT);
    format!("codes are such as {}{}", near.join(", "), if more { ", …" } else { "" })
}
