//! What was seen on each hop of a path, behind a fold.

use maud::{Markup, html};
use vmkit_diagnose::{Passage, Path};

use super::words::name;
use crate::clean::shown;

/// A row for each hop.
pub(super) fn path_table(path: &Path) -> Markup {
    let ends = path.stations.iter().zip(path.stations.iter().skip(1));
    html! {
        details {
            summary { "What was seen on each hop" }
            div.scroll tabindex="0" role="region" aria-label="What was seen on each hop" {
                table {
                    thead {
                        tr {
                            th scope="col" { "Between" }
                            th scope="col" { "Towards the router" }
                            th scope="col" { "Towards the VM" }
                        }
                    }
                    tbody {
                        @for ((inner, outer), hop) in ends.zip(&path.hops) {
                            tr {
                                th scope="row" { (name(inner)) " – " (name(outer)) }
                                td { (passage(&hop.out)) }
                                td { (passage(&hop.back)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn passage(passage: &Passage) -> Markup {
    let (class, word, because) = match passage {
        Passage::Passes(because) => ("good", "passes", because),
        Passage::Stops(because) => ("bad", "stops", because),
        Passage::Unknown(because) => ("quiet", "not known", because),
    };
    html! { strong class=(class) { (word) } ": " (shown(because)) }
}
