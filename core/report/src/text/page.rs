//! The page of one cause, as `vm explain` shows it.

use std::io::{self, Write};

use vmkit_diagnose::Page;

use super::{Terminal, style::Role, wrap::wrapped};

/// Writes the page. Its texts come from the catalogue, and are trusted.
pub(crate) fn write_page(
    page: &Page<'_>,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let heading = |text: &str| terminal.style.paint(Role::Heading, text);
    wrapped(out, terminal, &format!("{}  ", heading(page.code)), "  ", page.title)?;
    let parts = [
        ("Why it happens", page.why),
        ("How it shows", page.shows),
        ("How to distinguish it", page.apart),
    ];
    for (title, text) in parts {
        writeln!(out, "\n{}", heading(title))?;
        wrapped(out, terminal, "  ", "  ", text)?;
    }
    writeln!(out, "\n{}", heading("What is usually found"))?;
    for (finding, often) in &page.findings {
        let often = format!("  {:>3.0} %  ", often * 100.0);
        wrapped(out, terminal, &often, "         ", finding)?;
    }
    writeln!(out, "\n{}", heading("What can be done"))?;
    for (number, remedy) in page.remedies.iter().enumerate() {
        wrapped(out, terminal, &format!("  {}. ", number + 1), "     ", &remedy.title)?;
        for step in &remedy.steps {
            wrapped(out, terminal, "     - ", "       ", step)?;
        }
        for command in &remedy.commands {
            writeln!(out, "     $ {command}")?;
        }
        let risk =
            format!("{} risk, {}: {}", remedy.risk.word(), remedy.scope.word(), remedy.risk_says);
        wrapped(out, terminal, "     ", "     ", &risk)?;
        wrapped(out, terminal, "     undo: ", "           ", &remedy.undo)?;
    }
    if !page.explains.is_empty() {
        writeln!(out, "\n{}", heading("What it explains"))?;
        wrapped(out, terminal, "  ", "  ", &page.explains.join(", "))?;
    }
    if !page.sources.is_empty() {
        writeln!(out, "\n{}", heading("Sources"))?;
        for source in &page.sources {
            wrapped(out, terminal, "  - ", "    ", source)?;
        }
    }
    Ok(())
}
