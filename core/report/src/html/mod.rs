//! The doctor's report as one page of HTML that needs nothing else: no network, no other file.
//!
//! Templates escape every text, and [`shown`](crate::clean::shown) takes what steers a reader. The
//! page's policy lets a browser run its own script and load nothing.

mod causes;
mod checked;
mod dhcp;
mod document;
mod machine;
mod path;
mod path_table;
mod remedies;
mod surroundings;
mod words;

pub(crate) use document::write_page;
