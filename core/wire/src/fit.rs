//! Which paths a pattern stands for.

/// Whether a path is a pattern of a manifest with each `*`, if any, replaced within one part.
pub fn fits(pattern: &str, path: &str) -> bool {
    let (mut parts, mut names) = (pattern.split('/'), path.split('/'));
    loop {
        match (parts.next(), names.next()) {
            (None, None) => return true,
            (Some(part), Some(name)) if part_fits(part, name) => {}
            _ => return false,
        }
    }
}

/// Whether a name is this part of a pattern with its `*`, if any, replaced.
fn part_fits(part: &str, name: &str) -> bool {
    let Some((before, after)) = part.split_once('*') else { return part == name };
    name.strip_prefix(before).is_some_and(|rest| rest.ends_with(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_star_stands_for_one_part_of_a_path() {
        let rows = [
            ("{home}/.lima/*/lima.yaml", "{home}/.lima/web/lima.yaml", true),
            ("{home}/.lima/*/lima.yaml", "{home}/.lima/a/b/lima.yaml", false),
            ("{home}/.lima/*/lima.yaml", "{home}/.lima/lima.yaml", false),
            ("/v/*/*.vbox", "/v/a b/c.vbox", true),
            ("/v/*/*.vbox", "/v/a b/c.vbox/d", false),
            ("/v/*.vbox", "/v/.vbox", true),
            ("/v/ab*bc", "/v/abc", false),
            ("/v/x", "/v/x", true),
        ];
        for (pattern, path, expected) in rows {
            assert_eq!(fits(pattern, path), expected, "{pattern}: {path}");
        }
    }
}
