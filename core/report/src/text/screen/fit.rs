//! Parts of a screen; the least important give way.

use std::cmp::Reverse;

/// Lines that stand or go together.
pub(super) struct Block {
    lines: Vec<String>,
    /// An empty line stands before it.
    apart: bool,
    /// Blocks of a lower rank give way to those of a higher one; `None`: it stays.
    rank: Option<u8>,
}

impl Block {
    /// A block that stays.
    pub(super) fn kept(lines: Vec<String>) -> Self {
        Self { lines, apart: false, rank: None }
    }

    /// A block that gives way, those of a lower rank first.
    pub(super) fn ranked(rank: u8, lines: Vec<String>) -> Self {
        Self { lines, apart: false, rank: Some(rank) }
    }

    /// The same with an empty line before it.
    pub(super) fn apart(mut self) -> Self {
        self.apart = true;
        self
    }

    fn height(&self) -> usize {
        if self.lines.is_empty() { 0 } else { self.lines.len() + usize::from(self.apart) }
    }
}

/// The lines of the blocks: of those that stay, and of the others as many as fit into `height`, those of
/// a high rank first.
pub(super) fn fit(mut blocks: Vec<Block>, height: usize) -> Vec<String> {
    let (kept, mut ranked): (Vec<usize>, Vec<usize>) =
        (0..blocks.len()).partition(|at| blocks[*at].rank.is_none());
    let mut taken: usize = kept.iter().map(|at| blocks[*at].height()).sum();
    ranked.sort_by_key(|at| Reverse(blocks[*at].rank));
    for at in ranked {
        let block = &mut blocks[at];
        if taken.saturating_add(block.height()) > height {
            block.lines.clear();
        }
        taken += block.height();
    }
    let mut lines = Vec::new();
    for block in blocks.into_iter().filter(|block| !block.lines.is_empty()) {
        if block.apart && !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(block.lines);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_important_block_gives_way_first() {
        let line = |text: &str| vec![text.to_owned()];
        let blocks = || {
            vec![
                Block::kept(line("verdict")),
                Block::ranked(2, vec!["wide".to_owned(), "more".to_owned()]),
                Block::ranked(1, line("first")).apart(),
                Block::kept(line("end")),
            ]
        };
        let rows: [(usize, &[&str]); 5] = [
            (6, &["verdict", "wide", "more", "", "first", "end"]),
            (5, &["verdict", "wide", "more", "end"]),
            // What is left over is used by a block that would have given way.
            (4, &["verdict", "wide", "more", "end"]),
            (3, &["verdict", "end"]),
            (0, &["verdict", "end"]),
        ];
        for (height, expected) in rows {
            assert_eq!(fit(blocks(), height), expected, "{height}");
        }
    }
}
