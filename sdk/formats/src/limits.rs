//! How much a file may hold. The numbers are many times what managers write, and small enough that a
//! file at all bounds at once is read in well under a second.

/// The longest file that is read. Managers write some kilobytes; icons inside raise it to hundreds.
pub const MAX_BYTES: usize = 4 << 20;

/// How deep elements, lists and tables may lie in each other. The deepest known files, of libvirt and
/// Parallels, have fewer than 16 levels; 64 levels fit on the stack of any thread.
pub const MAX_DEPTH: usize = 64;

/// How many elements, attributes, list items and table entries a file may have, repeated ones counted
/// each time. A machine with a hundred disks has some thousands.
pub const MAX_NODES: usize = 100_000;

/// The longest single text, in bytes: scripts and keys are tens of kilobytes.
pub const MAX_TEXT: usize = 256 << 10;

/// What is left of the bounds while one file is read. A method's error says which bound was passed.
#[derive(Debug)]
pub(crate) struct Budget {
    nodes: usize,
    text: usize,
}

impl Budget {
    /// The bounds for a file of this length.
    pub(crate) fn for_file(length: usize) -> Result<Self, String> {
        if length > MAX_BYTES {
            return Err(format!("has {length} bytes, more than {MAX_BYTES}"));
        }
        // What repeats (aliases, shared objects) may not make texts longer than a whole file.
        Ok(Self { nodes: MAX_NODES, text: MAX_BYTES })
    }

    /// Counts this many nodes.
    pub(crate) fn nodes(&mut self, count: usize) -> Result<(), String> {
        let left = self.nodes.checked_sub(count);
        self.nodes = left.ok_or_else(|| format!("has more than {MAX_NODES} nodes"))?;
        Ok(())
    }

    /// Counts a piece of a text that is this long so far.
    pub(crate) fn text(&mut self, piece: usize, so_far: usize) -> Result<(), String> {
        if so_far > MAX_TEXT {
            return Err(format!("has a text of more than {MAX_TEXT} bytes"));
        }
        let left = self.text.checked_sub(piece);
        self.text = left.ok_or_else(|| format!("has more than {MAX_BYTES} bytes of texts"))?;
        Ok(())
    }
}

/// Whether one more level fits, for what begins there.
pub(crate) fn check_depth(depth: usize, what: &str) -> Result<(), String> {
    if depth > MAX_DEPTH {
        return Err(format!("{what} lies deeper than {MAX_DEPTH} levels"));
    }
    Ok(())
}
