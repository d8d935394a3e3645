//! Files of disks.

use std::collections::HashSet;

use crate::options::{Options, kept};

/// Most disks of one machine that are read.
const MOST_DISKS: usize = 64;

/// Most nodes of the block layer that are read: a disk has a few.
const MOST_NODES: usize = 512;

/// The disks that are read so far: only those that the machine writes to, because machines share the
/// others, such as installation media, firmware and base images.
#[derive(Default)]
pub(crate) struct Disks {
    images: Vec<String>,
    nodes: Vec<Node>,
    /// Names of nodes that another one only reads.
    only_read: HashSet<String>,
}

/// A node of `-blockdev` that is a file.
struct Node {
    name: String,
    file: String,
}

impl Disks {
    /// An image without options.
    pub(crate) fn add_image(&mut self, image: Option<&String>) {
        let path = image.and_then(|image| local(image));
        if self.images.len() < MOST_DISKS {
            self.images.extend(path);
        }
    }

    /// The value of `-drive`.
    pub(crate) fn add_drive(&mut self, options: &Options) {
        let shared = options.get("media") == Some("cdrom")
            || options.get("if") == Some("pflash")
            || ["readonly", "read-only"].into_iter().any(|key| options.is_on(key));
        let file =
            ["file", "file.filename", "filename"].into_iter().find_map(|key| options.get(key));
        if let Some(file) =
            file.and_then(local).filter(|_| !shared && self.images.len() < MOST_DISKS)
        {
            self.images.push(file);
        }
    }

    /// The value of `-blockdev`.
    pub(crate) fn add_node(&mut self, options: &Options) {
        if self.nodes.len() + self.only_read.len() >= MOST_NODES {
            return;
        }
        let only_read = options.is_on("read-only");
        // A format names the node below it, or holds it. The one below `backing` is a base image.
        let below =
            options.get("file").filter(|_| only_read).into_iter().chain(options.get("backing"));
        self.only_read.extend(below.map(kept));
        let file = options.get("filename").or_else(|| options.get("file.filename"));
        let Some(file) = file.and_then(local).filter(|_| !only_read) else { return };
        let name = options.get("node-name").map(kept).unwrap_or_default();
        self.nodes.push(Node { name, file });
    }

    pub(crate) fn written(self) -> Vec<String> {
        let Self { mut images, nodes, only_read } = self;
        let written = nodes.into_iter().filter(|node| !only_read.contains(&node.name));
        images.extend(written.map(|node| node.file));
        images.truncate(MOST_DISKS);
        images
    }
}

/// The path, if the text is that of a local file: other images have a protocol in front.
fn local(text: &str) -> Option<String> {
    let path = text.strip_prefix("file:").unwrap_or(text);
    let protocol = path.split('/').next().is_some_and(|first| first.contains(':'));
    (!path.is_empty() && !protocol).then(|| kept(path))
}
