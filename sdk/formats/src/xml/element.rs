//! Elements and how to look things up in them.

/// An element of an XML document. Names are as written, with their prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

impl Element {
    /// Its name, such as `interface`, or `qemu:arg` with a prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its attributes, in the document's order.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes().find(|(each, _)| *each == name).map(|(_, value)| value)
    }

    /// Its own text, without that of its children and without the space around it.
    pub fn text(&self) -> &str {
        self.text.trim()
    }

    /// Its own text with the space around it.
    pub(crate) fn whole_text(&self) -> &str {
        &self.text
    }

    /// All of its children, in the document's order.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter()
    }

    /// Its children of this name.
    pub fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Its first child of this name.
    pub fn child<'a>(&'a self, name: &'a str) -> Option<&'a Element> {
        self.children(name).next()
    }

    /// All elements at a path of names below it, such as `devices/interface`, in the document's order.
    pub fn all(&self, path: &str) -> Vec<&Element> {
        path.split('/').fold(vec![self], |found, name| {
            let children = found.into_iter().flat_map(Element::elements);
            children.filter(|child| child.name == name).collect()
        })
    }

    /// The first element at a path of names below it, such as `os/type`.
    pub fn at(&self, path: &str) -> Option<&Element> {
        self.all(path).into_iter().next()
    }

    /// The text at a path of names below it; `None` also for an empty one.
    pub fn text_at(&self, path: &str) -> Option<&str> {
        self.at(path).map(Element::text).filter(|text| !text.is_empty())
    }
}
