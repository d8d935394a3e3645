//! Where QEMU stands in a command line.

/// The index of the QEMU program in a command line: the first word, or one behind a wrapper such as
/// `sudo` that an option follows.
pub fn program(arguments: &[String]) -> Option<usize> {
    let is_qemu = |argument: &String| {
        let name = argument.rsplit('/').next().unwrap_or_default();
        name.starts_with("qemu-system-") || name.starts_with("qemu-kvm")
    };
    let followed =
        |index: usize| arguments.get(index + 1).is_some_and(|next| next.starts_with('-'));
    arguments
        .iter()
        .enumerate()
        .find(|(index, argument)| is_qemu(argument) && (*index == 0 || followed(*index)))
        .map(|(index, _)| index)
}
