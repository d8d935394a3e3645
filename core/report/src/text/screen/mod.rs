//! `vm doctor` on one screen: the verdict, the way out, the path and why; and in three lines.

mod fit;
mod foot;
mod short;
mod vm;
mod write;

pub(crate) use short::write_doctor_short;
pub(crate) use write::write_doctor_screen;
