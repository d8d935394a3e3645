//! `vm plugin search`, and the index that it looks into.

use vmkit_authoring::{Index, IndexError, Place};
use vmkit_report::{IndexSearch, IndexedPlugin};

use crate::{Ended, Front, answer, arguments::IndexPlace};

/// The index that is named or configured.
pub(crate) fn open(place: &IndexPlace, front: &Front<'_>) -> anyhow::Result<Index> {
    let configured = front.settings.config.plugin_index();
    let place = place.index.as_deref().or(configured).ok_or(IndexError::NoIndex)?;
    let (cache, home) = front.settings.index_cache()?;
    Ok(Index::open(&Place::of(place)?, &cache, &home)?)
}

/// Shows the plugins that have these words.
pub(crate) fn search(
    words: &[String],
    place: &IndexPlace,
    json: bool,
    front: &Front<'_>,
) -> anyhow::Result<Ended> {
    let (entries, wrong) = open(place, front)?.search(words)?;
    let plugins = entries.into_iter().map(|entry| {
        let version = entry.newest_here(None).map(|version| version.version.clone());
        IndexedPlugin {
            version: version.map_err(|why| why.to_string()),
            name: entry.name,
            summary: entry.summary,
        }
    });
    let wrong = wrong.iter().map(ToString::to_string).collect();
    let search = IndexSearch { plugins: plugins.collect(), wrong };
    answer(
        |out| {
            if json { search.write_json(out) } else { search.write_text(out, front.terminal) }
        },
    )?;
    Ok(if search.plugins.is_empty() { Ended::WithFindings } else { Ended::Well })
}
